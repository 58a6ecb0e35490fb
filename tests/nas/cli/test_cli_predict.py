from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture
def digits(tmp_path):
    """Files of twelve validation images and their labels."""
    from nas.data.by_name import load_data

    val = load_data("digits").val
    files = []
    for index in range(12):
        files.append(tmp_path / f"{index}.png")
        Image.fromarray(val.images[index, 0]).save(files[-1])
    return files, val.labels[:12]


def test_digits_are_recognised(nas, run_folder, digits):
    files, labels = digits
    predictions = nas("predict", run_folder, *files, "--json").data
    assert [prediction["image"] for prediction in predictions] == [str(file) for file in files]
    for prediction in predictions:
        shares = [row["probability"] for row in prediction["classes"]]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-6
    right = sum(
        prediction["classes"][0]["class"] == str(label) for prediction, label in zip(predictions, labels, strict=True)
    )
    assert right >= 8


def test_the_batch_changes_nothing_and_a_study_predicts_the_same(nas, run_folder, study_folder, digits):
    files, _ = digits
    ours = nas("predict", run_folder, *files, "--json", "--batch", 5).data
    theirs = nas("predict", study_folder, *files, "--json").data
    for one, other in zip(ours, theirs, strict=True):
        assert [row["class"] for row in one["classes"]] == [row["class"] for row in other["classes"]]
        shares = [row["probability"] for row in other["classes"]]
        assert [row["probability"] for row in one["classes"]] == pytest.approx(shares, abs=1e-6)


def test_a_corrupt_image_is_named_and_the_others_are_predicted(nas, run_folder, digits, tmp_path):
    files, _ = digits
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    done = nas("predict", run_folder, files[0], bad, tmp_path / "absent.png", files[1], "--top", 2)
    assert done.code == 1
    assert "bad.png is not a readable image" in done.err
    assert "absent.png" in done.err
    assert len(done.out.splitlines()) == 6
    unreadable, readable = nas("predict", run_folder, bad, files[0], "--json").data
    assert unreadable["error"]
    assert unreadable["classes"] == []
    assert readable == nas("predict", run_folder, files[0], "--json").data[0]


def test_colour_size_and_exif(nas, run_folder, digits, tmp_path):
    """A wide colour image, stored on its side with EXIF that says so, is the image in its middle."""
    files, _ = digits
    with Image.open(files[0]) as grey:
        large = grey.convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
    large.save(tmp_path / "plain.png")
    wide = Image.new("RGB", (96, 64))
    wide.paste(large, (16, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: shown rotated by 90° clockwise
    wide.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    wide.rotate(90, expand=True).save(tmp_path / "lying.png")
    predictions = nas("predict", run_folder, "plain.png", "turned.png", "lying.png", "--top", 10, "--json").data
    plain, turned, lying = ({row["class"]: row["probability"] for row in p["classes"]} for p in predictions)
    assert turned == pytest.approx(plain, abs=1e-2)  # what lies beside the crop shows in its border when resized
    assert lying != pytest.approx(plain, abs=1e-2)


def test_weights_that_do_not_say_their_classes_are_refused(nas, study_folder, digits):
    done = nas("predict", study_folder, "--weights", study_folder / "old.ckpt", digits[0][0])
    assert done.code == 2
    assert "old.ckpt" in done.err


def test_a_folder_without_weights(nas, tmp_path):
    from search_spaces import load, save

    (tmp_path / "mine").mkdir()
    save(load("resnet-18"), tmp_path / "mine" / "base.yaml", provenance={"weights": "gone.ckpt"})
    assert "mine comes without weights" in nas("predict", "mine", "x.png").err


@pytest.fixture
def photos(digits, tmp_path):
    """A folder of the twelve images in sub-folders named as classes, with what is no image beside them."""
    files, labels = digits
    root = tmp_path / "photos"
    for file, label in zip(files, labels, strict=True):
        inside = root / str(label) / "deeper" if label % 2 else root / str(label)
        inside.mkdir(parents=True, exist_ok=True)
        file.rename(inside / file.name)
    (root / "notes.txt").write_text("no image")
    (root / ".hidden").mkdir()
    Image.new("L", (8, 8)).save(root / ".hidden" / "thumbnail.png")
    return root


def test_a_folder_is_all_images_below_it_in_order_of_their_names(nas, run_folder, photos):
    done = nas("predict", run_folder, photos, "--json")
    assert done.code == 0
    images = [prediction["image"] for prediction in done.data]
    assert images == sorted((str(path) for path in photos.rglob("[0-9]*.png")), key=lambda name: name.split("/"))
    assert len(images) == 12
    assert "photos: files that are no images, not read: 1 (1 .txt: notes.txt)" in done.err
    assert done.err.count("notes.txt") == 1
    assert done.data == nas("predict", run_folder, *images, "--json", "--batch", 5).data


def test_where_sub_folders_are_classes_the_right_ones_are_counted(nas, run_folder, photos):
    done = nas("predict", run_folder, photos, "--json")
    right = 0
    for prediction in done.data:
        [label] = [part for part in prediction["image"].split("/") if part.isdigit() and len(part) == 1]
        right += prediction["classes"][0]["class"] == label
    said = f"right: {right} of 12 images in folders of classes ("
    assert said in done.err
    right_line, note = nas("predict", run_folder, photos).out.splitlines()[-2:]
    assert right_line.startswith(said)
    assert "images that it was trained on are among them" in note
    (photos / "unknown").mkdir()
    assert "right:" not in nas("predict", run_folder, photos).out


def test_images_are_printed_as_they_come(run_folder, photos, monkeypatch, capsys):
    """Of a large folder no more than a batch is read ahead of what is printed."""
    from nas.module.loading import load_network
    from nas.training import inference

    read = []
    original = inference.read_image
    monkeypatch.setattr(inference, "read_image", lambda path, *rest: read.append(path) or original(path, *rest))
    paths = sorted(photos.rglob("[0-9]*.png"))
    results = inference.predictions(load_network(run_folder), paths, batch=4)
    assert next(results).image == paths[0]
    assert len(read) == 4


def test_a_folder_without_an_image_is_refused(nas, run_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    done = nas("predict", run_folder, "empty")
    assert (done.code, "empty holds no image" in done.err) == (2, True)


def test_an_exported_file_predicts_and_evaluates_the_same(nas, run_folder, photos):
    pytest.importorskip("onnxruntime")
    assert nas("export", run_folder, "--out", "mine.onnx").code == 0
    ours = nas("predict", run_folder, photos, "--json", "--top", 10).data
    theirs = nas("predict", "mine.onnx", photos, "--json", "--top", 10).data
    for one, other in zip(ours, theirs, strict=True):
        assert one["classes"][0]["class"] == other["classes"][0]["class"]
        shares = {row["class"]: row["probability"] for row in one["classes"]}
        assert {row["class"]: row["probability"] for row in other["classes"]} == pytest.approx(shares, abs=1e-4)
    ours, theirs = (nas("evaluate", name, "--data", "digits", "--json").data for name in (run_folder, "mine.onnx"))
    assert ours["confusion"] == theirs["confusion"]
    assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4)


def test_weights_may_be_a_study_or_a_training(nas, run_folder, study_folder, photos, tmp_path):
    expected = nas("predict", run_folder, photos, "--json").data
    for weights in (run_folder, study_folder):
        assert nas("predict", study_folder, photos, "--weights", weights, "--json").data == expected
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "best.safetensors").touch()
    for folder, word in (("photos", "no training or search has finished there"), ("begun", "best.safetensors")):
        done = nas("predict", study_folder, photos, "--weights", folder)
        assert done.code == 2
        assert f"{folder} holds no weights" in done.err
        assert word in done.err


def test_another_image_size_is_taken_where_it_is_asked_for(nas, run_folder, photos):
    by_default = nas("predict", run_folder, photos, "--json").data
    assert nas("predict", run_folder, photos, "--image-size", 16, "--json").data == by_default
    assert nas("predict", run_folder, photos, "--image-size", 24, "--json").data != by_default
