/*
 * errno_name.h - the names of Linux's error numbers, from one table.
 *
 * glibc has strerrorname_np() only since 2.32, and nothing for the other direction.
 */
#ifndef FIFOFUZZ_ERRNO_NAME_H
#define FIFOFUZZ_ERRNO_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * "0" for 0, "EEXIST" for EEXIST and so on for every error of errno(3). Where two names mean one
 * number (EAGAIN and EWOULDBLOCK), gives the one that the kernel's headers define as a number. Any
 * other number becomes "errno N", valid until the calling thread's next such call.
 */
const char *errno_name(int error);

/* True if errno_name gives more than the number. */
bool errno_has_name(int error);

/* The number for the `length` bytes of `name`: 0 for "0", -1 for what is no error's name. */
int errno_value(const char *name, size_t length);

#endif
