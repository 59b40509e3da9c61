/** Values of the webhook's certificate: who makes it, and how long things live. */
import { patterns } from "./forms.ts";
import { text, word, type Group, type Leaf } from "./node.ts";

const withCertManager = { "certificates.mode": "cert-manager" };
const withFiles = { "certificates.mode": "files", "certificates.files.secretName": "tls" };
const examplePem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
/** A time of certificates. */
const lifetime = (meaning: string, fallback: string): Leaf =>
  text({ meaning, fallback, other: "3h" }, patterns.duration);

/** The webhook's certificate. */
export const certificates: Group = {
  meaning: "The webhook's certificate.",
  members: {
    mode: word(
      {
        meaning:
          "Who makes it. self: the programs, renewed by themselves; cert-manager: a Certificate; files: a Secret of yours.",
        fallback: "self",
        other: "cert-manager",
      },
      ["self", "cert-manager", "files"],
    ),
    self: {
      meaning: "For mode self: times, such as `12h`.",
      members: {
        authorityLifetime: lifetime("Life of the authority, renewed after two thirds.", "8760h"),
        announce: lifetime(
          "How long a new authority is trusted before it signs, and what another mode trusted, after that.",
          "10m",
        ),
        retire: lifetime("How long the old one is trusted after that; longer than `leafLifetime`.", "192h"),
        leafLifetime: lifetime("Life of the certificate, renewed after two thirds.", "168h"),
      },
    },
    certManager: {
      meaning: "For mode cert-manager.",
      members: {
        issuerName: text(
          {
            meaning:
              "Issuer to use; it should live long, since its certificate is what API servers trust. Empty: one of the chart's own.",
            fallback: "",
            other: "platform",
            beside: withCertManager,
          },
          patterns.domainOrEmpty,
        ),
        issuerKind: word(
          {
            meaning: "Kind of that issuer.",
            fallback: "Issuer",
            other: "ClusterIssuer",
            beside: { ...withCertManager, "certificates.certManager.issuerName": "platform" },
          },
          ["Issuer", "ClusterIssuer"],
        ),
        issuerDuration: text(
          {
            meaning: "Life of the chart's own authority.",
            fallback: "8760h",
            other: "17520h",
            beside: withCertManager,
          },
          patterns.duration,
        ),
        duration: text(
          { meaning: "Life of the certificate.", fallback: "2160h", other: "720h", beside: withCertManager },
          patterns.duration,
        ),
      },
    },
    files: {
      meaning: "For mode files.",
      members: {
        secretName: text(
          {
            meaning: "Secret in the release's namespace with `tls.crt` and `tls.key`; read again when it changes.",
            fallback: "",
            other: "other",
            beside: withFiles,
          },
          patterns.domainOrEmpty,
        ),
        caBundle: text(
          {
            meaning:
              "Certificates, as PEM, that API servers shall trust. Empty: somebody else puts them into the webhook configuration.",
            fallback: "",
            other: examplePem,
            beside: withFiles,
          },
          patterns.pem,
        ),
      },
    },
  },
};
