import { z } from "zod";

/** Folders for models of ComfyUI's own, the pinned one's and later ones'. */
export const modelFolders: readonly string[] = [
  "audio_encoders",
  "background_removal",
  "checkpoints",
  "classifiers",
  "clip",
  "clip_vision",
  "configs",
  "controlnet",
  "detection",
  "diffusers",
  "diffusion_models",
  "embeddings",
  "frame_interpolation",
  "geometry_estimation",
  "gligen",
  "hypernetworks",
  "latent_upscale_models",
  "loras",
  "model_patches",
  "optical_flow",
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
