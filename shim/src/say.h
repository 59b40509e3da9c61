/* What the shim itself says: one line at a time, marked as its own. Never what a server says. */
#ifndef SHIM_SAY_H
#define SHIM_SAY_H

/* Before every line of the shim's own, on stderr and at the end of a connection. */
#define SAY_MARK "outrigger-shim: "

/* Writes a line to stderr in one piece; control characters become question marks. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Replaces control characters, so that a text stays one line. */
void say_tidy(char *text);

#endif
