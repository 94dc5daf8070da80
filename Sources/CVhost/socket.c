// Sockets that carry descriptors, and the descriptors themselves.
#define _GNU_SOURCE
#include "cvhost.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

// Room for more than are allowed, so that those too many are seen and closed here.
#define ROOM 32

ssize_t evs_vhost_receive(int socket, void *bytes, size_t size, int *descriptors, int *count) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(ROOM * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0) return -errno;
    int isTooMany = (message.msg_flags & MSG_CTRUNC) != 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t here = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < here; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(part) + index * sizeof(int), sizeof descriptor);
            if (*count < EVS_VHOST_DESCRIPTOR_LIMIT) {
                descriptors[(*count)++] = descriptor;
            } else {
                close(descriptor);
                isTooMany = 1;
            }
        }
    }
    if (!isTooMany) return received;
    for (int index = 0; index < *count; index++) close(descriptors[index]);
    *count = 0;
    return -EMSGSIZE;
}

ssize_t evs_vhost_send(int socket, const void *bytes, size_t size, const int *descriptors, int count) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(ROOM * sizeof(int))];
    } control;
    if (count < 0 || count > ROOM) return -EINVAL;
    memset(&control, 0, sizeof control);
    struct iovec piece = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (count > 0) {
        size_t length = (size_t)count * sizeof(int);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(length);
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(length);
        memcpy(CMSG_DATA(part), descriptors, length);
    }
    ssize_t sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int evs_vhost_accept(int listener) {
    int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return connection < 0 ? -errno : connection;
}

int evs_vhost_event(void) {
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return event < 0 ? -errno : event;
}

void evs_vhost_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int evs_vhost_file_system(int file, uint32_t *kind, uint64_t *block) {
    struct statfs system;
    if (fstatfs(file, &system) < 0) return -errno;
    *kind = (uint32_t)system.f_type;
    *block = (uint64_t)system.f_bsize;
    return 0;
}

int evs_vhost_replace(int descriptor, int place) { return dup3(descriptor, place, O_CLOEXEC) < 0 ? -errno : 0; }

int evs_vhost_memory_file(size_t size) {
    int file = memfd_create("evs", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return -errno;
    if (ftruncate(file, (off_t)size) < 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        int problem = errno;
        close(file);
        return -problem;
    }
    return file;
}
