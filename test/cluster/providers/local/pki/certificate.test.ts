/** Certificates as Kubernetes' programs check them. */
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createClusterAuthority, issue } from "./certificate.ts";

describe("a certificate of the cluster", () => {
  it("is signed by the authority and carries the public half of its own key", async () => {
    const authority = await createClusterAuthority();
    const { certificatePem, key } = await issue(authority, { commonName: "admin", organization: "system:masters" });
    const certificate = new X509Certificate(certificatePem);
    const issuer = new X509Certificate(authority.certificatePem);
    expect(issuer.ca).toBe(true);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyType).toBe("ec");
  });

  it("names the user and the group that Kubernetes reads", async () => {
    const { certificatePem } = await issue(await createClusterAuthority(), {
      commonName: "system:node:node1",
      organization: "system:nodes",
    });
    expect(new X509Certificate(certificatePem).subject).toBe("O=system:nodes\nCN=system:node:node1");
  });

  it("holds for the names and addresses that it was issued for", async () => {
    const holder = { commonName: "kube-apiserver", dnsNames: ["kubernetes.default"], ips: ["10.0.0.1"] };
    const certificate = new X509Certificate((await issue(await createClusterAuthority(), holder)).certificatePem);
    expect(certificate.checkHost("kubernetes.default")).toBe("kubernetes.default");
    expect(certificate.checkIP("10.0.0.1")).toBe("10.0.0.1");
    expect(certificate.checkIP("10.0.0.2")).toBeUndefined();
  });
});
