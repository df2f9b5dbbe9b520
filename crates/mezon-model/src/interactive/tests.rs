//! The shapes that bots and clients write, and what is made of them.

use serde_json::{Value, json};

use super::*;
use crate::{Draft, DraftError, MessageContent};

fn content(json: &Value) -> MessageContent {
    MessageContent::parse(&json.to_string())
}

/// One component of each type, in the shape that the official SDKs write.
fn shapes() -> Vec<Value> {
    vec![
        json!({"type": 1, "id": "b", "component": {"label": "Go", "style": 3, "disable": false, "icon": "i"}}),
        json!({"type": 1, "id": "l", "component": {"label": "See", "style": 5, "disable": true, "url": "https://a"}}),
        json!({"type": 2, "id": "s", "component": {
            "type": 1,
            "options": [{"label": "A", "value": "a", "description": "first", "default": true}],
            "valueSelected": {"label": "A", "value": "a"}, "placeholder": "choose", "min_options": 0, "max_options": 1,
            "disabled": true,
        }}),
        json!({"type": 2, "id": "u", "component": {"type": 2, "options": []}}),
        json!({"type": 3, "id": "i", "component": {
            "id": "i-component", "placeholder": "name", "type": "number", "required": true, "defaultValue": "1",
            "textarea": true, "disabled": true, "style": 2,
        }}),
        json!({"type": 4, "id": "d", "component": {"value": "2026-01-02"}}),
        json!({"type": 5, "id": "r", "max_options": 2, "component": [
            {"label": "A", "value": "a", "name": "n", "style": 1, "extraData": ["x"]}, {"label": "B", "value": "b"},
        ]}),
        json!({"type": 6, "id": "a", "component": {
            "url_image": "https://i", "url_position": "https://p", "pool": [["1", "2"], ["3"]], "repeat": 3,
            "duration": 0.35, "vertical": true, "isResult": 1, "jackpot": 2,
        }}),
        json!({"type": 7, "id": "g", "columns": 3, "rows": 2, "component": {
            "items": [{"width": 1, "height": 2, "start_col": 1, "start_row": 1}],
            "url_image": "https://i", "url_position": "https://p",
        }}),
        json!({"type": 8, "id": "new", "component": {"later": true}, "more": 1}),
    ]
}

#[test]
fn every_shape_is_read_and_written_back_with_all_of_its_keys() {
    for mut shape in shapes() {
        shape["beside"] = json!({"a": 1});
        let component: Component = serde_json::from_value(shape.clone()).unwrap();
        assert_eq!(component.id, shape["id"].as_str().unwrap());
        let is_known = !matches!(component.kind, ComponentKind::Other(_));
        assert_eq!(is_known, shape["type"] != 8, "{shape}");
        assert_eq!(serde_json::to_value(&component).unwrap(), shape);
    }
}

#[test]
fn what_is_read_is_what_it_says() {
    let read = |at: usize| serde_json::from_value::<Component>(shapes().remove(at)).unwrap().kind;
    let ComponentKind::Button(link) = read(1) else { panic!() };
    assert_eq!((link.style, link.is_disabled, link.url.as_deref()), (ButtonStyle::Link, true, Some("https://a")));
    let ComponentKind::Select(select) = read(2) else { panic!() };
    assert_eq!((select.kind, select.max_options, select.is_disabled), (SelectKind::Text, Some(1), true));
    assert!(select.options[0].is_default);
    let ComponentKind::Input(input) = read(4) else { panic!() };
    assert_eq!((input.kind, input.is_multiline, input.is_required), (InputKind::Number, true, true));
    let ComponentKind::Radio(radio) = read(6) else { panic!() };
    assert_eq!((radio.options.len(), radio.max_options), (2, Some(2)));
    let ComponentKind::Grid(grid) = read(8) else { panic!() };
    assert_eq!((grid.columns, grid.rows, grid.items[0].height), (3, 2, 2));
}

#[test]
fn a_button_with_both_spellings_of_a_key_is_one() {
    for (disable, disabled, is_disabled) in [(json!(true), json!(false), true), (json!(false), json!(true), false)] {
        let component = json!({"label": "Yes", "disable": disable, "disabled": disabled});
        let button: Component = serde_json::from_value(json!({"type": 1, "id": "b", "component": component})).unwrap();
        let ComponentKind::Button(button) = button.kind else { panic!("{button:?}") };
        assert_eq!((button.is_disabled, button.label.as_str()), (is_disabled, "Yes"));
    }
}

#[test]
fn rows_are_read_in_either_form() {
    let [a, b] = [shapes().remove(0), shapes().remove(3)];
    let rows = |components: Value| content(&json!({"t": "", "components": components})).rows();
    let ids = |rows: Vec<ActionRow>| -> Vec<Vec<String>> {
        rows.into_iter().map(|row| row.components.into_iter().map(|component| component.id).collect()).collect()
    };
    assert_eq!(ids(rows(json!([{"components": [a, b]}, {"components": [a]}]))), [vec!["b", "u"], vec!["b"]]);
    assert_eq!(ids(rows(json!([a, b]))), [["b", "u"]], "as the builders of the official SDKs give them");
    assert_eq!(ids(rows(json!([{"components": [a]}, b, a]))), [vec!["b"], vec!["u", "b"]]);
    for odd in [json!(null), json!({}), json!(5), json!("x")] {
        assert_eq!(rows(odd), []);
    }
    let odd = rows(json!([null, 5, {"components": 7}, {"type": "x"}]));
    assert_eq!(odd.iter().map(|row| row.components.len()).sum::<usize>(), 3, "nothing is lost, nothing panics");
}

#[test]
fn rows_are_written_as_action_rows() {
    let draft = MessageContent::builder().text("?").row([Button::primary("y", "Yes")]).build();
    let sent: Value = serde_json::from_str(&draft.check().unwrap()).unwrap();
    let button = json!({"type": 1, "id": "y", "component": {"label": "Yes", "style": 1, "disable": false}});
    assert_eq!(sent, json!({"t": "?", "components": [{"components": [button]}]}));
}

#[test]
fn an_embed_keeps_all_that_clients_write() {
    let embed = json!({
        "color": "#00ff7f", "title": "T", "url": "https://u", "author": {"name": "An", "icon_url": "i", "url": "u"},
        "description": "D", "thumbnail": {"url": "https://t"},
        "fields": [
            {"name": "n", "value": "v", "inline": true},
            {"name": "form", "value": "", "inputs": shapes().remove(4), "options": [], "max_options": 2},
            {"name": "two", "value": "", "inputs": [shapes().remove(4), shapes().remove(5)]},
        ],
        "image": {"url": "https://i", "width": "auto", "height": 200}, "timestamp": "2026-01-02T03:04:05.000Z",
        "footer": {"text": "F", "icon_url": "f"}, "later": [1],
    });
    let message = content(&json!({"t": "", "embed": [embed.clone()]}));
    let read = message.embeds().remove(0);
    assert_eq!(read.fields.iter().map(|field| field.inputs.len()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(read.image.as_ref().unwrap().width, Some(Length::Text("auto".into())));
    assert_eq!(serde_json::to_value(&read).unwrap(), embed);

    let built = Embed::titled("T").color(0x00_ff7f).description("D").field("n", "v", []).inline().footer("F");
    let expected = json!({"title": "T", "color": "#00ff7f", "description": "D",
        "fields": [{"name": "n", "value": "v", "inline": true}], "footer": {"text": "F"}});
    assert_eq!(serde_json::to_value(&built).unwrap(), expected);
}

#[test]
fn an_odd_embed_costs_itself_alone() {
    let message = content(&json!({"t": "", "embed": [5, {"title": "good"}, null, {"fields": 7}]}));
    let titles: Vec<_> = message.embeds().into_iter().map(|embed| embed.title).collect();
    assert_eq!(titles, [Some("good".to_owned())]);
}

#[test]
fn what_nobody_could_use_is_refused_before_it_is_sent() {
    let problem = |draft: Draft| match draft.check().unwrap_err() {
        DraftError::Component(error) => (error.problem, error.to_string()),
        other => panic!("{other}"),
    };
    let row = |components: Vec<Component>| MessageContent::builder().row(components).build();
    let cases = [
        (row(vec![Button::primary("", "Go")]), ComponentProblem::NoId),
        (row(vec![Button::primary("a", "Go"), Button::danger("a", "No")]), ComponentProblem::DuplicateId),
        (row(vec![Button::link("a", "See", "")]), ComponentProblem::NoUrl),
        (row(vec![Select::text("a", Vec::<Choice>::new())]), ComponentProblem::NoOptions),
        (row(vec![Select::text("a", [("x", "X")]).options(2, 2)]), ComponentProblem::Options),
        (row(vec![Select::of("a", SelectKind::User).options(3, 2)]), ComponentProblem::Options),
        (row(vec![Radio::one_of("a", Vec::<Choice>::new())]), ComponentProblem::NoOptions),
    ];
    for (draft, expected) in cases {
        let (found, text) = problem(draft);
        assert_eq!(found, expected, "{text}");
        assert!(text.contains(':') && !text.ends_with('.'), "says what to do: {text}");
    }
    let form = Embed::titled("f").field("n", "", [Input::text("a")]);
    let twice = MessageContent::builder().embed(form).row([Button::primary("a", "Go")]).build();
    assert_eq!(problem(twice).0, ComponentProblem::DuplicateId);
    let good = row(vec![Button::link("", "See", "https://a"), Select::of("u", SelectKind::User).options(1, 2)]);
    assert!(good.check().is_ok());
}

#[test]
fn the_other_builders_write_their_shapes_too() {
    let written = |component: Component| serde_json::to_value(component).unwrap();
    assert_eq!(written(DatePicker::any_date("d")), json!({"type": 4, "id": "d", "component": {}}));
    let animation = written(Animation::of_pool("a", "i", "p", &["1", "2"]));
    assert_eq!(animation["component"], json!({"url_image": "i", "url_position": "p", "pool": ["1", "2"]}));
    let grid = written(Grid::new(3, 2, "i", "p").item(GridItem::new(1, 1, 1, 2)).component("g"));
    assert_eq!(
        grid,
        shapes()
            .remove(8)
            .as_object()
            .map(|grid| {
                let mut grid = grid.clone();
                grid["component"]["url_image"] = json!("i");
                grid["component"]["url_position"] = json!("p");
                Value::Object(grid)
            })
            .unwrap()
    );
    let radio = written(Radio::up_to("r", 2, [("a", "A"), ("b", "B")]));
    assert_eq!(radio["max_options"], 2);
    let input = written(Input::number("n").placeholder("0").default_value("7").required());
    assert_eq!(
        input["component"],
        json!({"id": "n-component", "placeholder": "0", "type": "number",
        "defaultValue": "7", "textarea": false, "required": true})
    );
}

#[test]
fn a_component_is_disabled_whatever_it_is() {
    for component in [Button::primary("a", "x"), Select::text("a", [("x", "X")]), Input::text("a")] {
        let json = serde_json::to_value(component.disabled()).unwrap();
        let inner = &json["component"];
        assert!(inner["disable"] == true || inner["disabled"] == true, "{json}");
    }
    let radio = serde_json::to_value(Radio::one_of("a", [("x", "X")]).disabled()).unwrap();
    assert_eq!(radio["component"][0]["disabled"], true);
}
