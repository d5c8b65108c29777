"""PromptCard: a picture that depends on the prompt and needs no model."""

import colorsys
import hashlib
import textwrap


class PromptCard:
    """Writes the prompt on a card whose color follows from it."""

    CATEGORY = "ComfyEndpoints"
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("image",)

    @classmethod
    def INPUT_TYPES(cls):
        size = {"default": 512, "min": 64, "max": 2048, "step": 8}
        return {
            "required": {
                "prompt": ("STRING", {"default": "", "multiline": True}),
                "width": ("INT", size),
                "height": ("INT", size),
            }
        }

    def run(self, prompt, width, height):
        import numpy
        import torch

        pixels = numpy.asarray(draw_card(prompt, width, height), dtype=numpy.float32) / 255.0
        return (torch.from_numpy(pixels)[None,],)


def card_color(prompt):
    """A calm color, the same for the same prompt: red, green and blue, 0 to 255."""
    hue = hashlib.sha256(prompt.encode()).digest()[0] / 256
    return tuple(round(part * 255) for part in colorsys.hls_to_rgb(hue, 0.32, 0.45))


def draw_card(prompt, width, height):
    from PIL import Image, ImageDraw, ImageFont

    color = card_color(prompt)
    card = Image.new("RGB", (width, height), color)
    drawing = ImageDraw.Draw(card)
    margin = max(4, min(width, height) // 16)
    frame = tuple(min(255, part + 60) for part in color)
    drawing.rectangle((margin, margin, width - margin - 1, height - margin - 1), outline=frame, width=2)

    size = max(8, min(width, height) // 12)
    font = ImageFont.load_default(size)
    columns = max(1, int((width - 4 * margin) / (size * 0.55)))
    text = "\n".join(textwrap.wrap(prompt, columns)) or "(no prompt)"
    drawing.multiline_text((width / 2, height / 2), text, font=font, fill="white", anchor="mm", align="center")
    return card
