static int set_idmap(int mount) {
    const uint64_t attributes[4] = {IDMAPPED, 0, 0, (uint64_t)idmap_namespace};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, attributes, sizeof attributes);
}
