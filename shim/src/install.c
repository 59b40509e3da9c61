/* Copies the running program; needs neither a shell nor a writable root. */
#include "install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

enum { PATH_BYTES = 4096, CHUNK_BYTES = 65536 };

static int open_self(void)
{
	const int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (self >= 0)
		return self;
	/* Without /proc the kernel still says by which path it was started. */
	const char *path = (const char *)getauxval(AT_EXECFN);
	return path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

static bool write_all(int to, const char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t written = write(to, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

static bool copy(int from, int to)
{
	static char chunk[CHUNK_BYTES];

	for (;;) {
		const ssize_t length = read(from, chunk, sizeof(chunk));
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length == 0;
		if (!write_all(to, chunk, (size_t)length))
			return false;
	}
}

/* Writes a copy to `path`; errno says why not. */
static bool write_copy(const char *path)
{
	const int from = open_self();
	if (from < 0)
		return false;
	const int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0755);
	/* The mode of open is cut by the umask. */
	bool ok = to >= 0 && copy(from, to) && fchmod(to, 0755) == 0;
	const int cause = errno;
	if (to >= 0 && close(to) < 0)
		ok = false;
	else
		errno = cause;
	/* Only read from: its close can lose nothing. */
	(void)close(from);
	return ok;
}

bool install_to(const char *folder)
{
	char path[PATH_BYTES];
	char draft[PATH_BYTES];
	const int length = snprintf(path, sizeof(path), "%s/shim", folder);
	const int draft_length = snprintf(draft, sizeof(draft), "%s/.shim.new", folder);

	if (length < 0 || draft_length < 0 || (size_t)draft_length >= sizeof(draft)) {
		say("--install: the path is too long");
		return false;
	}
	/* A name of its own first: nobody may run a half-written program, and one that runs can't be written to. */
	if (write_copy(draft) && rename(draft, path) == 0)
		return true;
	say("--install: can't write %s: %s", path, strerror(errno));
	(void)unlink(draft);
	return false;
}
