/* The Unix socket that sessions come in by. */
#ifndef SHIM_LISTENER_H
#define SHIM_LISTENER_H

/*
 * Listens at `path`, open to every user; returns the descriptor, or -1 with a line on stderr.
 * The path appears when connections are taken, in the place of what an earlier run left there.
 */
int listener_open(const char *path);

/* Takes no more connections and removes the path. */
void listener_close(int listener, const char *path);

#endif
