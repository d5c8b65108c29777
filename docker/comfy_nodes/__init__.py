"""ComfyUI nodes that join a workflow to the endpoint's API."""

from .api_nodes import ApiInput, ApiOutput
from .prompt_card import PromptCard

NODE_CLASS_MAPPINGS = {"ApiInput": ApiInput, "ApiOutput": ApiOutput, "PromptCard": PromptCard}
NODE_DISPLAY_NAME_MAPPINGS = {
    "ApiInput": "ComfyEndpoints API Input",
    "ApiOutput": "ComfyEndpoints API Output",
    "PromptCard": "ComfyEndpoints Prompt Card",
}
