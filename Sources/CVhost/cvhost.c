#define _GNU_SOURCE
#include "cvhost.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// UFFD_USER_MODE_ONLY, which older headers don't have: what needs no privilege.
#define USER_MODE_ONLY 1

int evs_vhost_page_faults(void) {
    int number = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | USER_MODE_ONLY);
    if (number < 0) return -errno;
    struct uffdio_api api = {.api = UFFD_API};
    if (ioctl(number, UFFDIO_API, &api) == 0) return number;
    int error = errno;
    close(number);
    return -error;
}
