//! Keys, addresses, signatures and requests, byte for byte as the official clients make them.
//!
//! `vectors.json` was made by running those clients with fixed seeds and no network. Signatures are checked once more with
//! another implementation of Ed25519 than the one that makes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use data_encoding::{BASE64, HEXLOWER};
use mezon_mmn::{
    Address, Amount, EphemeralKey, NodeRequest, Proof, ProofRequest, SignedTransfer, Signer, Transfer, TransferKind,
};
use mezon_session::Secret;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vectors {
    addresses: Vec<Owner>,
    keys: Vec<Key>,
    transfers: Vec<Vector>,
    other_spelling: Vec<OtherSpelling>,
    requests: Requests,
}

#[derive(Deserialize)]
struct Owner {
    user_id: String,
    address: String,
}

#[derive(Deserialize)]
struct Key {
    seed: String,
    public_key: String,
}

#[derive(Deserialize)]
struct Vector {
    seed: String,
    params: Value,
    /// What the signature covers.
    signed: String,
    signature: String,
}

/// A client that puts blanks into its JSON, which the node takes as well.
#[derive(Deserialize)]
struct OtherSpelling {
    seed: String,
    params: Value,
    signed: String,
    signature_text: String,
}

#[derive(Deserialize)]
struct Requests {
    nonce: String,
    account: String,
    add: String,
    prove: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn key(seed: &str) -> EphemeralKey {
    EphemeralKey::from_seed(HEXLOWER.decode(seed.as_bytes()).unwrap().try_into().unwrap())
}

/// The transfer in `params`, made with our own words.
fn transfer(params: &Value) -> Transfer {
    let message = &params["tx_msg"];
    let text = |field: &str| message[field].as_str().unwrap();
    let address = |field: &str| text(field).parse::<Address>().unwrap();
    let kind = TransferKind::try_from(u8::try_from(message["type"].as_u64().unwrap()).unwrap()).unwrap();
    let amount = Amount::from_units(text("amount").parse().unwrap());
    let mut transfer =
        Transfer::new(address("sender"), address("recipient"), amount).kind(kind).note(text("text_data"));
    if !text("extra_info").is_empty() {
        for (key, value) in serde_json::from_str::<Ordered>(text("extra_info")).unwrap().0 {
            transfer = transfer.extra(key, value);
        }
    }
    transfer.build().unwrap()
}

/// The pairs of an object, in their order.
struct Ordered(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Ordered;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Ordered(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

fn sign(seed: &str, params: &Value) -> SignedTransfer {
    let message = &params["tx_msg"];
    let signer = match message["zk_proof"].as_str().unwrap() {
        "" => Signer::wallet(key(seed)),
        proof => Signer::new(key(seed), Proof::new(proof, message["zk_pub"].as_str().unwrap())),
    };
    let number = |field: &str| message[field].as_u64().unwrap();
    signer.sign(&transfer(params), number("nonce"), number("timestamp"))
}

#[test]
fn addresses_and_keys_are_those_of_the_official_clients() {
    let Vectors { addresses, keys, .. } = vectors();
    assert!(addresses.len() >= 9 && keys.len() >= 5);
    for Owner { user_id, address } in addresses {
        assert_eq!(Address::of_user(&user_id).to_string(), address);
    }
    for Key { seed, public_key } in keys {
        assert_eq!(key(&seed).public_key_text(), public_key);
    }
}

#[test]
fn every_kind_of_transfer_is_signed_byte_for_byte() {
    let transfers = vectors().transfers;
    let kinds: Vec<u64> = transfers.iter().map(|vector| vector.params["tx_msg"]["type"].as_u64().unwrap()).collect();
    assert!([0, 1, 2].iter().all(|kind| kinds.contains(kind)));
    for Vector { seed, params, signed, signature } in transfers {
        let ours = sign(&seed, &params);
        assert_eq!(ours.to_json(), serde_json::to_string(&as_written(&params)).unwrap());
        let signature = HEXLOWER.decode(signature.as_bytes()).unwrap();
        let verified = UnparsedPublicKey::new(&ED25519, key(&seed).public_key()).verify(signed.as_bytes(), &signature);
        verified.expect("another implementation takes the signature");
    }
}

/// The fields in the order of the official client, which `Value` does not keep.
fn as_written(params: &Value) -> SignedTransfer {
    serde_json::from_value(params.clone()).unwrap()
}

#[test]
fn a_signature_with_blanks_in_its_json_says_the_same() {
    for OtherSpelling { seed, params, signed, signature_text } in vectors().other_spelling {
        let signature: Value = serde_json::from_str(&signature_text).unwrap();
        let public = BASE64.decode(signature["PubKey"].as_str().unwrap().as_bytes()).unwrap();
        let bytes = BASE64.decode(signature["Sig"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(public, key(&seed).public_key());
        UnparsedPublicKey::new(&ED25519, &public).verify(signed.as_bytes(), &bytes).expect("a true signature");
        // It is kept and sent again as it came.
        assert_eq!(as_written(&params).nonce(), params["tx_msg"]["nonce"].as_u64().unwrap());
    }
}

#[test]
fn requests_are_those_of_the_official_client() {
    let requests = vectors().requests;
    let address = Address::of_user("1840651530236071936");
    assert_eq!(NodeRequest::nonce(address).to_json(1), requests.nonce);
    let account: Value = serde_json::from_str(&requests.account).unwrap();
    let of = account["params"]["address"].as_str().unwrap().parse().unwrap();
    assert_eq!(NodeRequest::account(of).to_json(account["id"].as_u64().unwrap()), requests.account);
    let seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let add: Value = serde_json::from_str(&requests.add).unwrap();
    let signed = sign(seed, &add["params"]);
    assert_eq!(NodeRequest::add(&signed).to_json(add["id"].as_u64().unwrap()), requests.add);

    let id_token = Secret::new("JWT.ID.TOKEN");
    let prove = ProofRequest::new("1840651530236071936", &key(seed), &id_token);
    assert_eq!(prove.to_json().expose(), requests.prove);
}

#[test]
fn nothing_that_signs_or_can_be_sent_is_printed() {
    let id_token = Secret::new("canary-token");
    let key = || EphemeralKey::from_seed(*b"canary-seed-canary-seed-canary-s");
    let proof = Proof::from_answer(br#"{"data":{"proof":"canary-proof","public_input":"canary-input"}}"#).unwrap();
    let pen = Signer::new(key(), proof.clone());
    let transfer = Transfer::new(Address::of_user("1"), Address::of_user("2"), Amount::from_tokens(1)).build().unwrap();
    let signed = pen.sign(&transfer, 1, 2);
    let json = serde_json::to_value(&signed).unwrap();
    let printed = format!(
        "{:#?} {signed:?} {proof:?} {pen:?} {:?} {:?}",
        key(),
        ProofRequest::new("1", &key(), &id_token),
        NodeRequest::add(&signed)
    );
    assert!(!printed.contains("canary") && !printed.contains(json["signature"].as_str().unwrap()), "{printed}");
}
