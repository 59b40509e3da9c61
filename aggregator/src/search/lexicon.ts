/**
 * Groups of words that people and tool authors use for the same operation or thing. Query side only: a query with one
 * word of a group also finds the others, at a low weight. General words only, no product names, no stop words; small on
 * purpose, because every group costs precision somewhere.
 */
import { stem } from "./tokens.ts";

const groups = `
  create add new make insert
  delete remove drop erase destroy
  update edit modify change alter
  list enumerate browse show
  search find lookup query seek
  fetch retrieve obtain read load
  send deliver dispatch submit
  post publish
  download save
  upload attach push
  export dump extract
  import ingest
  convert transform
  translate language
  compare diff difference
  merge combine join concatenate
  split divide partition
  copy duplicate clone
  move relocate transfer
  run execute invoke launch
  start begin resume
  stop halt terminate kill cancel
  restart reboot reload
  install setup provision
  deploy release rollout
  check verify validate confirm
  calculate compute evaluate
  count number total
  analyze analyse inspect examine
  summarize summarise summary
  describe detail information info
  explain definition meaning
  schedule plan arrange
  book reserve
  buy purchase order
  pay payment charge
  subscribe follow watch
  monitor track observe
  notify alert notification
  approve accept allow grant permit
  reject deny decline
  login authenticate signin auth
  encrypt cipher
  compress zip archive
  sort rank
  assign allocate
  write store persist
  draw plot chart graph visualize
  resize scale
  scrape crawl
  click press tap
  type enter fill
  enable activate
  disable deactivate
  reply respond answer
  comment note
  recommend suggest
  predict forecast
  navigate visit
  refresh sync synchronize
  undo revert rollback restore
  backup snapshot
  generate produce
  issue ticket bug
  repository repo
  file document
  folder directory
  image picture photo
  video movie film
  song music track
  mail email
  message chat
  user account member
  person people contact
  company organization business
  meeting event appointment calendar
  task todo
  price cost quote
  place location address
  hotel accommodation lodging
  news article headline
  website page url site link
  database db
  spreadsheet sheet workbook
  error failure exception
  secret credential password token
  latest recent newest current
  slide presentation
  config configuration setting
  statistic stats metric
`;

/** For each stem, the stems of the other words of its groups. */
export type Lexicon = ReadonlyMap<string, readonly string[]>;

/** Builds the lexicon. Cost: under a millisecond; build it once. */
export function createLexicon(): Lexicon {
  const lexicon = new Map<string, string[]>();
  for (const line of groups.trim().split("\n")) {
    const stems = line.trim().split(/\s+/).map(stem);
    for (const member of stems) {
      const others = lexicon.get(member) ?? [];
      others.push(...stems.filter((other) => other !== member && !others.includes(other)));
      lexicon.set(member, others);
    }
  }
  return lexicon;
}
