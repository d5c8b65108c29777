import { z } from "zod";

/** ComfyUI's own folders for models, the two names of one kind beside each other. */
export const modelFolders: readonly string[] = [
  "audio_encoders",
  "checkpoints",
  "classifiers",
  "clip",
  "clip_vision",
  "configs",
  "controlnet",
  "diffusers",
  "diffusion_models",
  "embeddings",
  "gligen",
  "hypernetworks",
  "latent_upscale_models",
  "loras",
  "model_patches",
  "photomaker",
  "style_models",
  "t2i_adapter",
  "text_encoders",
  "unet",
  "upscale_models",
  "vae",
  "vae_approx",
];

/** A folder that becomes a link to the volume: below ComfyUI's models, or anywhere by its absolute path. */
export const linkedFolder = z
  .string()
  .trim()
  .refine((path) => path.split("/").some((part) => part !== "" && part !== "."), "give a folder other than /")
  .refine((path) => !path.split("/").includes("..") && !/[\\,\p{Cc}]/u.test(path), {
    error: 'give a path without "..", "\\", commas and control characters',
  });
