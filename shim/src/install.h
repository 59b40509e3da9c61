/* Copies this program to where other containers can run it. */
#ifndef SHIM_INSTALL_H
#define SHIM_INSTALL_H

#include <stdbool.h>

/* Writes FOLDER/shim with mode 0755, whole or not at all; false with a line on stderr where that fails. */
bool install_to(const char *folder);

#endif
