import type { Response } from "express";

export interface RestRefusal {
  status: 401 | 404 | 422 | 500;
  detail: string;
  /** What is wrong with the request, one by one. */
  errors?: string[];
}

/** Refuses as REST v2 does: RFC 9457 (documented). */
export function refuse(response: Response, { status, detail, errors }: RestRefusal): void {
  response
    .writeHead(status, { "content-type": "application/problem+json" })
    .end(JSON.stringify({ title: titles[status], status, detail, ...(errors && { errors }) }));
}

const titles: Record<RestRefusal["status"], string> = {
  401: "Unauthorized",
  404: "Not Found",
  422: "Unprocessable Entity",
  500: "Internal Server Error",
};
