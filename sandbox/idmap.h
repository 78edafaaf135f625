/*
 * idmap.h - the user namespace whose map of ids an idmapped mount takes, mount_setattr(2).
 */
#ifndef FIFOFUZZ_IDMAP_H
#define FIFOFUZZ_IDMAP_H

/*
 * Makes a user namespace with the map of host.h (idmap_entries) and returns a descriptor of it, or
 * -errno: an ordinary user cannot map these ids. A short-lived child does it.
 */
int idmap_open(void);

#endif
