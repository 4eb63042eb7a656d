//! Nets that convolve, pictures while a model learns, and walks.

use super::*;

#[test]
fn convolutions_are_trained_and_used_as_any_net() {
    let room = Room::new();
    for model in ["ae", "dae", "vae"] {
        train(&room, model, &format!("--conv 4,3 --model {model}"));
        for (command, figures) in [
            ("reconstruct MODEL", &["reconstruction"][..]),
            ("latent MODEL --grid 3x3", &["latent", "grid-3x3"]),
            ("generate MODEL --count 3", &["generated"]),
            ("morph MODEL A B --steps 3", &["morph"]),
            (
                "denoise MODEL --noise flip:.2 --copies 2",
                &["denoising-flip_0.2"],
            ),
        ] {
            run(&room, &command.replace("MODEL", model)).ok();
            for figure in figures {
                check_figure(&room, &format!("runs/{model}/figures/{figure}"));
            }
        }
        let codes = run(&room, &format!("encode {model}")).ok().stdout;
        assert_eq!(codes.lines().count(), 33);
    }
    // Without a dense waist the last map is the code.
    train(&room, "map", "--conv 4,3 --latent 0 --model vae");
    let model = &room.json("runs/map/run.json")["model"];
    assert_eq!(
        (&model["latent"], &model["parameters"]),
        (&json!(12), &json!(408))
    );
    let codes = run(&room, "encode map").ok().stdout;
    assert!(codes.starts_with("picture,caption,z1,z2,z3,z4,z5,z6,z7,z8,z9,z10,z11,z12,row\n"));
    let ran = run(&room, "latent map").ok();
    assert!(
        ran.stderr
            .contains("a grid needs a latent code of 2 dimensions")
    );
    run(&room, "generate map --count 2").ok();
}

#[test]
fn the_layer_table_lists_convolutions() {
    let room = Room::new();
    mnist(&room, 20, 10);
    let dry = "train s33 --data-dir data --device cpu --dry-run";
    let value = run(&room, &format!("{dry} --json")).ok().json();
    assert_eq!(value["model"]["parameters"], 12_537);
    assert_eq!(value["data"]["train"], 20);
    let other = "train s33b --data-dir data --device cpu --dry-run --json";
    let value = run(&room, other).ok().json();
    assert_eq!(value["model"]["parameters"], 12_537);

    // Behind a dense waist a convolution keeps the size, too.
    let waist = "train fonts --conv 4,3 --device cpu --dry-run";
    assert!(!run(&room, waist).ok().stdout.contains("/ 2"));
    let strided = format!("{waist} --down stride");
    assert!(run(&room, &strided).ok().stdout.contains("conv 3x3 / 2 + "));

    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.contains("coder  "));
        rows.map(|row| words(row).join(" ")).collect()
    };
    let expected = [
        "encoder conv 3x3 + relu 32x28x28 320",
        "encoder max pool 2x2 32x14x14 0",
        "encoder conv 3x3 + relu 32x14x14 9248",
        "encoder max pool 2x2 32x7x7 0",
        "encoder conv 3x3 + relu 8x7x7 2312",
        "decoder upsample * 2 8x14x14 0",
        "decoder conv 3x3 + relu 8x14x14 584",
        "decoder upsample * 2 8x28x28 0",
        "decoder conv 3x3 + sigmoid 1x28x28 73",
    ];
    assert_eq!(rows(&run(&room, dry).ok().stdout), expected);

    // Odd sizes are halved upwards, and come back.
    let steps = "--conv 4,3 --down stride --up transpose --kernel 5 --batch-norm --activation elu";
    train(&room, "steps", steps);
    let table = room.text("runs/steps/model.txt");
    let expected = [
        "encoder conv 5x5 / 2 4x4x3 104",
        "encoder batch norm + elu 4x4x3 16",
        "encoder conv 5x5 / 2 3x2x2 303",
        "encoder batch norm + elu 3x2x2 12",
        "encoder linear [2] 26",
        "decoder linear + elu [12] 36",
        "decoder transposed conv 5x5 * 2 3x4x3 228",
        "decoder batch norm + elu 3x4x3 12",
        "decoder transposed conv 5x5 * 2 4x7x5 304",
        "decoder batch norm + elu 4x7x5 16",
        "decoder conv 5x5 + sigmoid 1x7x5 101",
    ];
    assert_eq!(rows(&table), expected);
    assert!(table.contains("parameters 1158 ") && table.contains("these 28 are non-trainable"));
}

#[test]
fn a_run_with_convolutions_goes_on_to_the_very_numbers() {
    let room = Room::new();
    let more = "--conv 4,3 --batch-norm --model dae --schedule constant --batch-size 8";
    train(&room, "whole", &format!("{more} --epochs 4"));
    train(&room, "parts", more);
    run(&room, "train --resume parts --epochs 4 --no-figures").ok();
    for file in ["model", "optimizer"] {
        let [one, two] = ["whole", "parts"]
            .map(|name| room.bytes(&format!("runs/{name}/checkpoints/last/{file}.safetensors")));
        assert!(one == two, "{file}");
    }
    let [one, two] = ["whole", "parts"].map(|name| room.json(&format!("runs/{name}/run.json")));
    assert_eq!(one["metrics"], two["metrics"]);
    refused(
        &room,
        "train --resume parts --conv 4",
        2,
        "a resumed run keeps its `model.conv`",
        "",
    );
}

#[test]
fn samples_are_drawn_while_a_model_learns() {
    let room = Room::new();
    for (model, rows) in [
        ("ae", &["original", "output"][..]),
        ("dae", &["original", "noisy", "output"]),
        ("vae", &["original", "output", "from the prior"]),
    ] {
        let drawn = format!(
            "train fonts --device cpu --name {model} --model {model} --samples-every 1 --epochs 3"
        );
        run(&room, &drawn).ok();
        check_figure(&room, &format!("runs/{model}/figures/samples"));
        check_animation(&room, &format!("runs/{model}/animations/samples"), 3);
        let svg = room.text(&format!("runs/{model}/figures/samples.svg"));
        for row in rows {
            assert!(svg.contains(row), "{model}: {row}");
        }
    }
    run(
        &room,
        "train fonts --device cpu --name none --epochs 2 --samples-every 0",
    )
    .ok();
    assert!(!room.path("runs/none/figures/samples.png").exists());
    assert!(!room.path("runs/none/animations/samples.gif").exists());
}

#[test]
fn walks_through_the_codes_are_animated() {
    let room = Room::new();
    train(&room, "plane", "--model vae");
    for way in ["loop", "spiral"] {
        let line = format!("animate plane --walk {way} --frames 6 --json");
        let value = run(&room, &line).ok().json();
        assert_eq!(value["frames"], 6);
        let stem = format!("runs/plane/animations/walk-{way}");
        assert_eq!(value["animation"], format!("{stem}.gif"));
        check_animation(&room, &stem, 6);
    }
    train(&room, "space", "--latent 3");
    let ran = run(&room, "animate space --walk loop --frames 4").ok();
    assert!(ran.stdout.contains("walk-loop.gif (4 frames)"), "{ran:#?}");
    check_animation(&room, "runs/space/animations/walk-loop", 4);
}
