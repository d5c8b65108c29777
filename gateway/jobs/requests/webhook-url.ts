/** @throws {HttpProblem} 400 for an address that no webhook may have */
export type CheckWebhook = (url: string) => Promise<void>;
