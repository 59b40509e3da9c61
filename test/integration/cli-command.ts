/** The environment in which tests run commands; defined with the demo, which runs the same commands. */
export { repositoryEnvironment as commandEnvironment } from "../demo/stage/root.ts";
