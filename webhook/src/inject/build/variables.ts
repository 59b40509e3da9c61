/** Environment variables of containers. Kubernetes expands `$(NAME)` in their values, so a literal dollar is doubled. */

/** A variable as a container lists it. */
export type Variable =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      readonly valueFrom: { readonly fieldRef: { readonly apiVersion: string; readonly fieldPath: string } };
    };

/** A variable whose value reaches the program exactly as given. */
export function setLiteral(name: string, value: string | number): Variable {
  return { name, value: String(value).replaceAll("$", "$$$$") };
}

/** A variable whose value may refer to variables listed before it, as `$(NAME)`. */
export function setTemplate(name: string, value: string): Variable {
  return { name, value };
}

/** A variable that the kubelet fills in from a field of the pod. */
export function setFromField(name: string, fieldPath: string): Variable {
  return { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } };
}

/** The text that a literal value of a manifest stands for. */
export function decodeVariable(value: string): string {
  return value.replaceAll("$$", "$");
}
