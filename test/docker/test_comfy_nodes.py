"""Run with: python3 -m unittest discover test/docker. Needs neither ComfyUI nor torch."""

import sys
import tempfile
import types
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docker"))

from comfy_nodes import NODE_CLASS_MAPPINGS  # noqa: E402
from comfy_nodes.any_type import ANY  # noqa: E402
from comfy_nodes.api_nodes import ApiInput, ApiOutput  # noqa: E402
from comfy_nodes.prompt_card import card_color  # noqa: E402


class ComfyOutputFolder:
    """Stands in for ComfyUI's folder_paths: files are numbered in one folder."""

    def __init__(self, folder):
        self.folder = folder

    def get_output_directory(self):
        return self.folder

    def get_save_image_path(self, prefix, folder):
        subfolder, _, filename = prefix.rpartition("/")
        target = Path(folder, subfolder)
        target.mkdir(parents=True, exist_ok=True)
        return str(target), filename, 1, subfolder, prefix


class ApiNodes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        module = types.ModuleType("folder_paths")
        paths = ComfyOutputFolder(self.folder)
        module.get_output_directory = paths.get_output_directory
        module.get_save_image_path = paths.get_save_image_path
        sys.modules["folder_paths"] = module
        self.addCleanup(sys.modules.pop, "folder_paths")

    def test_every_node_names_a_method_that_it_has(self):
        for node in NODE_CLASS_MAPPINGS.values():
            self.assertTrue(callable(getattr(node, node.FUNCTION)))

    def test_the_any_type_differs_from_no_type(self):
        self.assertFalse(ANY != "INT")

    def test_an_input_gives_text_as_it_is(self):
        self.assertEqual(ApiInput().run("n", "string", True, "5"), ("5",))
        self.assertEqual(ApiInput().run("n", "image/png", True, "/files/a.png"), ("/files/a.png",))

    def test_an_input_turns_the_text_of_its_widget_into_its_type(self):
        for value_type, text, value in (
            ("integer", "5", 5),
            ("number", "0.5", 0.5),
            ("boolean", "False", False),
            ("boolean", "True", True),
            ("array", '["8", 0]', ["8", 0]),
            ("object", '{"a": 1}', {"a": 1}),
        ):
            self.assertEqual(ApiInput().run("n", value_type, True, text), (value,))

    def test_an_input_fed_by_a_link_is_passed_on(self):
        self.assertEqual(ApiInput().run("n", "integer", True, 5), (5,))

    def test_an_input_says_what_is_wrong(self):
        with self.assertRaisesRegex(ValueError, 'input "n" is "many", which is no integer'):
            ApiInput().run("n", "integer", True, "many")

    def test_an_output_hands_a_value_to_history(self):
        self.assertEqual(ApiOutput().run("n", "string", value="x"), {"ui": {"value": ["x"]}})

    def test_an_output_copies_a_file_under_the_given_prefix(self):
        source = Path(self.folder, "clip.mp4")
        source.write_bytes(b"movie")
        answer = ApiOutput().run("clip", "video/mp4", value=str(source), filename_prefix="job/clip")
        entry = {"filename": "clip_00001_.mp4", "subfolder": "job", "type": "output"}
        self.assertEqual(answer, {"ui": {"files": [entry]}})
        self.assertEqual(Path(self.folder, "job", "clip_00001_.mp4").read_bytes(), b"movie")

    def test_a_second_file_does_not_replace_the_first(self):
        source = Path(self.folder, "a.bin")
        source.write_bytes(b"1")
        names = [ApiOutput().run("a", "file/bin", value=str(source))["ui"]["files"][0]["filename"] for _ in range(2)]
        self.assertEqual(names, ["a_00001_.bin", "a_00002_.bin"])

    def test_an_output_says_what_is_wrong(self):
        for arguments, message in (
            ({"type": "string"}, 'output "n" has neither a value nor an image'),
            ({"type": "video/mp4", "value": "/no/such.mp4"}, 'output "n" names the file /no/such.mp4'),
            ({"type": "image/gif", "image": [object()]}, 'an image cannot be saved as "image/gif"'),
        ):
            with self.assertRaisesRegex(ValueError, message):
                ApiOutput().run("n", **arguments)


class Card(unittest.TestCase):
    def test_the_color_follows_from_the_prompt(self):
        self.assertEqual(card_color("a lighthouse"), card_color("a lighthouse"))
        self.assertNotEqual(card_color("a lighthouse"), card_color("a harbor"))


if __name__ == "__main__":
    unittest.main()
