/**
 * Words that say nothing about a tool and are not indexed. There is deliberately no second list of "generic" words:
 * create, table, name, key and type stay searchable.
 */

const list = `
  a an the and or of to in on at for from by with is are was be been it its this that these those as if then than so
  do does did can could will would should may might i me my we our you your he she they them their his her not no nor
  but into about over under up down out off again just also there here what which who whom how when where why all any
  both each few more most other some such only own same too very s t please want need help like using use used via let
  get
`;

/** The stop words, lower case and unstemmed. */
export const stopWords: ReadonlySet<string> = new Set(list.trim().split(/\s+/));
