/* Moves bytes between a buffer and a descriptor that never blocks. */
#include "buffer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_for_later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

enum flow buffer_fill(struct buffer *buffer, int from, size_t limit)
{
	const size_t wanted = limit < sizeof(buffer->bytes) ? limit : sizeof(buffer->bytes);

	for (;;) {
		const ssize_t length = read(from, buffer->bytes, wanted);
		if (length > 0) {
			buffer->start = 0;
			buffer->end = (size_t)length;
			return FLOW_MOVED;
		}
		if (length < 0 && errno == EINTR)
			continue;
		return length < 0 && is_for_later() ? FLOW_BLOCKED : FLOW_ENDED;
	}
}

enum flow buffer_drain(struct buffer *buffer, int to)
{
	while (!buffer_is_empty(buffer)) {
		const ssize_t length = write(to, buffer->bytes + buffer->start, buffer->end - buffer->start);
		if (length >= 0)
			buffer->start += (size_t)length;
		else if (errno != EINTR)
			return is_for_later() ? FLOW_BLOCKED : FLOW_ENDED;
	}
	return FLOW_MOVED;
}

void buffer_put(struct buffer *buffer, const char *text)
{
	const size_t length = strlen(text);

	buffer->start = 0;
	buffer->end = length < sizeof(buffer->bytes) ? length : sizeof(buffer->bytes);
	memcpy(buffer->bytes, text, buffer->end);
}
