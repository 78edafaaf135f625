#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int run_attributes(const struct order *order) {
    int flags, directory = open(order->path, O_RDONLY | O_DIRECTORY);
    int result = directory < 0 ? -1 : ioctl(directory, FS_IOC_GETFLAGS, &flags);
    if (result == 0) {
        flags = (flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL)) | (int)order->numbers[0];
        result = ioctl(directory, FS_IOC_SETFLAGS, &flags);
    }
    int error = errno;
    close(directory);
    errno = error;
    return result;
}

static void harness_attributes(int step, const char *path, unsigned flags) {
    order_for(run_attributes, path)->numbers[0] = flags;
    carry_out(step, "inode flags");
}
