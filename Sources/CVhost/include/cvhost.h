// What Swift can't say itself of sockets that carry descriptors, of mappings that may fault, and of memory order.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: - Sockets that carry descriptors

/// Descriptors that one receive can take in. More with one piece of a message are closed and the receive fails.
#define EVS_VHOST_DESCRIPTOR_LIMIT 8

/// Receives up to `size` bytes without blocking. Descriptors that came along are stored (close-on-exec) and counted.
/// Returns the bytes, 0 at the end of the stream, or a negative errno; -EMSGSIZE: too many descriptors, all closed.
ssize_t evs_vhost_receive(int socket, void *bytes, size_t size, int *descriptors, int *count);

/// Sends without blocking and without SIGPIPE, with up to 32 descriptors. Bytes sent, or a negative errno.
ssize_t evs_vhost_send(int socket, const void *bytes, size_t size, const int *descriptors, int count);

/// Takes a connection from a listening socket: non-blocking, close-on-exec; or a negative errno.
int evs_vhost_accept(int listener);

/// A new eventfd at zero, non-blocking and close-on-exec, or a negative errno.
int evs_vhost_event(void);

/// Makes the number `place` mean what `descriptor` means (dup3, close-on-exec). 0 or a negative errno.
int evs_vhost_replace(int descriptor, int place);

/// A new sealable memory file of `size` bytes that can't shrink, or a negative errno.
int evs_vhost_memory_file(size_t size);

/// Names the calling thread, for debuggers and top. Up to 15 bytes.
void evs_vhost_name_thread(const char *name);

/// A new userfaultfd, non-blocking and close-on-exec, that has agreed on its protocol and watches nothing, or a
/// negative errno.
int evs_vhost_page_faults(void);

/// What kind of file system a file is on (statfs(2)) and the size of its blocks. 0 or a negative errno.
int evs_vhost_file_system(int file, uint32_t *kind, uint64_t *block);

// MARK: - Mappings of files that a guest may truncate

/// Installs the SIGBUS handler (once a process; further calls do nothing) and ignores SIGPIPE. 0 or a negative errno.
/// Threads that touch guest memory must not block SIGBUS.
int evs_vhost_guard_install(void);

/// From now on a fault inside [start, start + bytes) is answered with zero pages, counted, and told to `wake`
/// (a non-blocking eventfd, or -1). `page` is the file's page size; start and bytes are multiples of it.
/// Returns a slot or a negative errno.
int evs_vhost_guard_add(uintptr_t start, size_t bytes, size_t page, int wake);

/// Faults in the slot's mapping so far.
uint32_t evs_vhost_guard_faults(int slot);

/// Frees the slot. Nobody may touch the mapping any more.
void evs_vhost_guard_remove(int slot);
