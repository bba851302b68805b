import { z } from "zod";

/** As of `/v1/retrieve`. */
const MAX_QUERY_CHARACTERS = 8192;
/** As of documents that are uploaded with their vectors. */
const MAX_ID_CHARACTERS = 1024;

export const searchArgumentsSchema = z.object({
  query: z.string().trim().min(1).max(MAX_QUERY_CHARACTERS).describe("A question, or keywords."),
  top_k: z.int().min(1).max(50).optional().describe("Passages to look at. Default 10."),
});

export type SearchArguments = z.output<typeof searchArgumentsSchema>;

export const searchResultsSchema = z.object({
  results: z.array(
    z.object({
      id: z.string().describe("What fetch takes."),
      title: z.string(),
      url: z.string(),
      text: z.string().describe("The passage that was found."),
    }),
  ),
});

export type SearchResults = z.output<typeof searchResultsSchema>;

export const fetchArgumentsSchema = z.object({
  id: z.string().min(1).max(MAX_ID_CHARACTERS).describe("An id that search gave."),
});

export const fetchResultSchema = z.object({
  id: z.string(),
  title: z.string(),
  text: z.string(),
  url: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});

export type FetchResult = z.output<typeof fetchResultSchema>;
