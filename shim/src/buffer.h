/* Bytes on their way in one direction: a fixed room that is filled when empty and emptied before it is filled again. */
#ifndef SHIM_BUFFER_H
#define SHIM_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

enum { BUFFER_BYTES = 16384 };

struct buffer {
	size_t start;
	size_t end;
	unsigned char bytes[BUFFER_BYTES];
};

/* `FLOW_BLOCKED`: later again; `FLOW_ENDED`: that side is closed or broken, now and for ever. */
enum flow { FLOW_MOVED, FLOW_BLOCKED, FLOW_ENDED };

static inline bool buffer_is_empty(const struct buffer *buffer)
{
	return buffer->start == buffer->end;
}

static inline void buffer_clear(struct buffer *buffer)
{
	buffer->start = 0;
	buffer->end = 0;
}

/* Reads at most `limit` bytes into an empty buffer. */
enum flow buffer_fill(struct buffer *buffer, int from, size_t limit);

/* Writes until nothing is left or the other side takes no more. */
enum flow buffer_drain(struct buffer *buffer, int to);

/* Puts a text into an empty buffer. */
void buffer_put(struct buffer *buffer, const char *text);

#endif
