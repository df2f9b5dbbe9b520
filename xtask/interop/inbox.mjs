// What a peer has received so far, and a way to wait for what has not come yet.

/** Rejects when `promise` has not settled after `seconds`. */
export async function within(seconds, what, promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Items in the order they came. Each is handed out once. */
export class Inbox {
  #items = [];
  #waiting = [];
  #closed;

  push(item) {
    const index = this.#waiting.findIndex(({ matches }) => matches(item));
    if (index === -1) this.#items.push(item);
    else this.#waiting.splice(index, 1)[0].resolve(item);
  }

  /** Nothing more will come: whoever waits learns why. */
  close(reason) {
    this.#closed = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  /** The first item that matches, now or within the limit. */
  take(what, matches, seconds = 10) {
    const index = this.#items.findIndex(matches);
    if (index !== -1) return Promise.resolve(this.#items.splice(index, 1)[0]);
    if (this.#closed) return Promise.reject(this.#closed);
    const item = new Promise((resolve, reject) => this.#waiting.push({ matches, resolve, reject }));
    return within(seconds, what, item);
  }
}
