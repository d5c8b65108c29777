import json
import math
from pathlib import Path

import numpy
import pytest
from conftest import tensor
from PIL import Image

from comfy_nodes.api_nodes import ApiInput, ApiOutput


def test_an_input_gives_text_as_it_is():
    assert ApiInput().run("n", "string", True, "5") == ("5",)
    assert ApiInput().run("n", "image/png", True, "/files/a.png") == ("/files/a.png",)


@pytest.mark.parametrize(
    "value_type, text, value",
    [
        ("integer", "5", 5),
        (" Number ", "0.5", 0.5),
        ("boolean", "False", False),
        ("boolean", "True", True),
        ("boolean", "yes", True),
        ("array", '["8", 0]', ["8", 0]),
        ("object", '{"a": 1}', {"a": 1}),
    ],
)
def test_an_input_turns_the_text_of_its_widget_into_its_type(value_type, text, value):
    (given,) = ApiInput().run("n", value_type, True, text)
    assert given == value and type(given) is type(value)


def test_an_input_fed_by_a_link_is_passed_on():
    assert ApiInput().run("n", "integer", True, 5) == (5,)


@pytest.mark.parametrize(
    "value_type, text", [("integer", "many"), ("integer", ""), ("number", "nan"), ("boolean", "2")]
)
def test_an_input_says_what_is_wrong(value_type, text):
    with pytest.raises(ValueError, match=f'input "n" is "{text}", which is no {value_type}'):
        ApiInput().run("n", value_type, True, text)


def test_an_output_hands_a_value_to_history_and_to_what_follows():
    answer = ApiOutput().run("n", "string", value="x")
    assert answer["ui"] == {"value": ["x"]}
    assert json.loads(answer["result"][0]) == {"name": "n", "type": "string", "value": "x"}


def test_an_output_hands_over_only_what_json_can_carry():
    values = {"a": (1, numpy.float32(0.5), numpy.int64(7), numpy.bool_(True), None), "b": tensor(3.0)}
    answer = ApiOutput().run("n", "object", value=values)
    carried = json.loads(json.dumps(answer["ui"], allow_nan=False))
    assert carried == {"value": [{"a": [1, 0.5, 7, True, None], "b": 3.0}]}


@pytest.mark.parametrize(
    "value, problem",
    [
        (b"bytes", "holds a bytes"),
        (tensor([1.0, 2.0]), "holds a Tensor"),
        ({"a": [math.nan]}, "is nan"),
        (math.inf, "is inf"),
        ({1: "a"}, "holds a dict"),
        ({"a": {"set"}}, "holds a set"),
    ],
)
def test_a_value_that_json_cannot_carry_is_refused(value, problem):
    with pytest.raises(ValueError, match=f'output "n" {problem}.*, which JSON cannot carry'):
        ApiOutput().run("n", "object", value=value)


def test_an_output_saves_every_image_of_a_batch(comfy):
    batch = tensor([numpy.full((2, 3, 3), shade) for shade in (0.0, 0.5, 1.0)])
    answer = ApiOutput().run("card", "image/png", value="", image=batch, filename_prefix="job/card")
    files = [comfy.output_file(entry) for entry in answer["ui"]["images"]]
    assert [file.name for file in files] == ["card_00001_.png", "card_00002_.png", "card_00003_.png"]
    assert [Image.open(file).getpixel((0, 0)) for file in files] == [(0, 0, 0), (128, 128, 128), (255, 255, 255)]
    assert json.loads(answer["result"][0])["value"][0] == "job/card_00001_.png"


@pytest.mark.parametrize("kind, image_format", [("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/webp", "WEBP")])
@pytest.mark.parametrize("channels, mode", [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_an_image_is_what_its_type_says_whatever_its_channels(comfy, kind, image_format, channels, mode):
    image = tensor(numpy.zeros((1, 4, 4, channels)))
    (entry,) = ApiOutput().run("n", kind, image=image)["ui"]["images"]
    saved = Image.open(comfy.output_file(entry))
    assert saved.format == image_format
    if kind == "image/png":
        assert saved.mode == mode


def test_a_mask_is_saved_as_a_gray_image(comfy):
    (entry,) = ApiOutput().run("n", "image/png", image=tensor(numpy.ones((1, 4, 8))))["ui"]["images"]
    assert Image.open(comfy.output_file(entry)).size == (8, 4)


def test_pixels_that_are_no_numbers_are_black(comfy):
    (entry,) = ApiOutput().run("n", "image/png", image=tensor([[[[math.nan, 2.0, -1.0]]]]))["ui"]["images"]
    assert Image.open(comfy.output_file(entry)).getpixel((0, 0)) == (0, 255, 0)


def test_an_output_copies_a_file_under_the_given_prefix(comfy):
    (comfy.temp / "clip.mp4").write_bytes(b"movie")
    answer = ApiOutput().run("clip", "video/mp4", value=str(comfy.temp / "clip.mp4"), filename_prefix="job/clip")
    entry = {"filename": "clip_00001_.mp4", "subfolder": "job", "type": "output"}
    assert answer["ui"] == {"files": [entry]}
    assert comfy.output_file(entry).read_bytes() == b"movie"


def test_a_second_file_does_not_replace_the_first(comfy):
    (comfy.input / "a.bin").write_bytes(b"1")
    names = [ApiOutput().run("a", "file/bin", value="a.bin")["ui"]["files"][0]["filename"] for _ in range(2)]
    assert names == ["a_00001_.bin", "a_00002_.bin"]


def test_an_output_lets_a_video_object_save_itself(comfy):
    class Video:
        def save_to(self, path):
            Path(path).write_bytes(b"movie")

    (entry,) = ApiOutput().run("clip", "video/mp4", value=Video())["ui"]["files"]
    assert comfy.output_file(entry).read_bytes() == b"movie"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"type": "string"}, 'output "n" has neither a value nor an image; connect one of them'),
        ({"type": "image/png", "value": ""}, 'output "n" has neither a value nor an image'),
        ({"type": "video/mp4", "value": "no.mp4"}, 'output "n" names no.mp4, and there is no such file'),
        (
            {"type": "video/mp4", "image": tensor([[[[0.0]]]])},
            'output "n" is of type "video/mp4", which an image is not',
        ),
        ({"type": "video/mp4", "value": tensor([[[[0.0]]]])}, "put Video Tensor To Path before it"),
        ({"type": "image/gif", "image": tensor([[[[0.0]]]])}, 'an image cannot be saved as "image/gif"; use image/png'),
        ({"type": "image/png", "image": tensor([[0.0]])}, r"and this has \[1, 1\]"),
        ({"type": "image/png", "image": tensor([[[[0.0, 0.0]]]])}, "1, 3 or 4 channels, and this has 2"),
        ({"type": "file/bin", "value": 5}, 'output "n" of type "file/bin" cannot be made of a int'),
    ],
)
def test_an_output_says_what_is_wrong(comfy, arguments, message):
    with pytest.raises(ValueError, match=message):
        ApiOutput().run("n", **arguments)
