/** Where RunPod's API is: GraphQL at `/graphql` below it, REST at `/v2`. */
export const apiUrl = (configured = "https://api.runpod.io"): string => configured.replace(/\/+$/, "");
