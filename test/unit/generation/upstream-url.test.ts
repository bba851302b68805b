import { describe, test } from "vitest";
import { checkUpstreamUrl } from "../../../src/generation/upstream-url.ts";

describe("checkUpstreamUrl", () => {
  test.for([
    "https://api.openai.com/v1",
    "https://gateway.ai.cloudflare.com/v1/account/gateway/openai",
    "https://8.8.8.8/v1",
    "https://[2606:4700::1111]/v1",
    "https://api.example.com:8443",
    "http://localhost:11434/v1",
    "http://lm.localhost:8000",
    "http://127.0.0.1:8080/v1",
    "http://[::1]:8080",
  ])("allows %s", (url, { expect }) => {
    expect(checkUpstreamUrl(url, { allowPrivateHosts: false })).toBeUndefined();
  });

  const special = [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254./",
    "http://2852039166/", // 169.254.169.254 in decimal
    "http://0xA9FEA9FE/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "https://10.0.0.5/v1",
    "https://10.5/",
    "https://172.16.0.1/",
    "https://192.168.1.10/",
    "https://100.100.100.200/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://255.255.255.255/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://printer.local/",
    "https://vllm/v1",
  ];

  test.for(special)("refuses %s", (url, { expect }) => {
    expect(checkUpstreamUrl(url, { allowPrivateHosts: false })).toMatch(/private, link-local or metadata/u);
  });

  test.for(special)("allows %s when that is configured", (url, { expect }) => {
    expect(checkUpstreamUrl(url, { allowPrivateHosts: true })).toBeUndefined();
  });

  test.for<[url: string, problem: RegExp]>([
    ["http://api.openai.com/v1", /unencrypted/u],
    ["ftp://example.com/", /http or https/u],
    ["file:///etc/passwd", /http or https/u],
    ["https://user:pass@example.com/", /credentials/u],
    ["https://example.com@10.0.0.1/", /credentials/u],
    ["https://example.com/v1?key=1", /no query/u],
    ["nonsense", /not a URL/u],
  ])("refuses %s whatever is configured", ([url, problem], { expect }) => {
    expect(checkUpstreamUrl(url, { allowPrivateHosts: true })).toMatch(problem);
  });
});
