/* Writes the shim's own lines. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 1024 };

void say_tidy(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++)
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
}

void say(const char *format, ...)
{
	char line[LINE_BYTES] = SAY_MARK;
	const size_t mark = sizeof(SAY_MARK) - 1;
	va_list values;

	va_start(values, format);
	/* One byte is kept for the newline; a text that is too long is cut. */
	const int length = vsnprintf(line + mark, sizeof(line) - mark - 1, format, values);
	va_end(values);
	if (length < 0)
		return;
	say_tidy(line + mark);
	const size_t end = strlen(line);
	line[end] = '\n';
	/* Where nobody takes it there is nobody left to tell. */
	const ssize_t written = write(STDERR_FILENO, line, end + 1);
	(void)written;
}
