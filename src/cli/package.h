/*
 * package.h - which packages of this system an implementation comes with, and in which version.
 */
#ifndef FIFOFUZZ_PACKAGE_H
#define FIFOFUZZ_PACKAGE_H

/*
 * The packages behind the implementation `name`, as Debian calls them, with blanks between, in new
 * memory: first the one that is put to the test. "" where there is none, or none is known.
 */
char *package_of(const char *name);

/*
 * The versions of these packages with ", " between, in new memory, as dpkg-query knows them; of
 * what comes with fifofuzz or the kernel that one's. "" where nobody can tell.
 */
char *package_version(const char *name);

#endif
