/* Makes and removes the socket. Which connection is taken is decided in loop.c. */
#include "listener.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"

/* Connections that wait to be taken; the kernel's own limit is lower on some nodes. */
enum { BACKLOG = 4096 };

/* Fills in an address; false where the path does not fit. */
static bool make_address(struct sockaddr_un *address, const char *path, const char *suffix)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	const int length = snprintf(address->sun_path, sizeof(address->sun_path), "%s%s", path, suffix);
	return length > 0 && (size_t)length < sizeof(address->sun_path);
}

static bool answers(const struct sockaddr_un *address)
{
	const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return false;
	const bool is_taken = connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0;
	(void)close(probe);
	return is_taken;
}

/* Says whether the path may be used: free, or left behind by somebody who listens no more. */
static bool is_free(const struct sockaddr_un *address)
{
	struct stat there;

	if (lstat(address->sun_path, &there) < 0) {
		if (errno == ENOENT)
			return true;
		say("can't look at %s: %s", address->sun_path, strerror(errno));
		return false;
	}
	if (!S_ISSOCK(there.st_mode)) {
		say("%s is there and is no socket", address->sun_path);
		return false;
	}
	if (answers(address)) {
		say("%s is in use by another process", address->sun_path);
		return false;
	}
	return true;
}

/* Binds to the draft and gives it its name when it listens; errno says why not. */
static bool publish(int listener, const struct sockaddr_un *draft, const struct sockaddr_un *final)
{
	if (unlink(draft->sun_path) < 0 && errno != ENOENT)
		return false;
	return bind(listener, (const struct sockaddr *)draft, sizeof(*draft)) == 0 && chmod(draft->sun_path, 0666) == 0 &&
	       listen(listener, BACKLOG) == 0 && rename(draft->sun_path, final->sun_path) == 0;
}

int listener_open(const char *path)
{
	struct sockaddr_un final;
	struct sockaddr_un draft;

	if (!make_address(&final, path, "") || !make_address(&draft, path, ".new")) {
		say("--socket: the path is too long: %s", path);
		return -1;
	}
	if (!is_free(&final))
		return -1;
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener >= 0 && publish(listener, &draft, &final))
		return listener;
	say("can't listen at %s: %s", path, strerror(errno));
	(void)unlink(draft.sun_path);
	if (listener >= 0)
		(void)close(listener);
	return -1;
}

void listener_close(int listener, const char *path)
{
	if (unlink(path) < 0 && errno != ENOENT)
		say("can't remove %s: %s", path, strerror(errno));
	if (close(listener) < 0)
		say("can't close the listener: %s", strerror(errno));
}
