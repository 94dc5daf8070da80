import CDPDK
import Glibc

/// A thread of its own that DPDK knows, bound to a core: a worker or a writer of captures.
public struct PolledThread: ~Copyable {
    private let handle: pthread_t

    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts running `body`.
    ///
    /// - Parameters:
    ///   - name: at most 15 characters, as `top` shows it.
    ///   - core: `nil`: wherever the kernel likes.
    public init(name: String, core: Int?, body: @escaping @Sendable () -> Void) throws(DPDKError) {
        let start = Unmanaged.passRetained(Start(body))
        var thread = pthread_t()
        let result = evs_thread_start(
            &thread, String(name.prefix(15)), CInt(core ?? -1),
            { Unmanaged<Start>.fromOpaque($0!).takeRetainedValue().body() }, start.toOpaque())
        if result != 0 {
            start.release()
            throw DPDKError("thread \(name) could not be started", code: result)
        }
        handle = thread
    }

    /// Waits for the body to return.
    public consuming func join() { pthread_join(handle, nil) }

    /// Lets the calling thread rest.
    public static func sleep(microseconds: Int) { evs_thread_sleep_microseconds(CUnsignedInt(microseconds)) }

    /// The kernel's number of the calling thread.
    public static var currentNumber: Int { Int(evs_thread_id()) }

    /// Nanoseconds that a thread of this process has had on a core; 0 when the kernel does not tell.
    public static func runNanoseconds(of number: Int) -> UInt64 { evs_thread_run_nanoseconds(CInt(number)) }
}

/// The machine's cores.
public enum Cores {
    /// The cores that this process may run on, in order.
    public static let available: [Int] = (0..<1024).filter { evs_core_exists(CInt($0)) }

    /// The NUMA node of a core.
    public static func socket(of core: Int) -> Int { Int(evs_core_socket(CInt(core))) }

    /// Lets the calling thread (which DPDK bound to one core) run on all cores but the workers'.
    public static func leaveToWorkers(_ cores: [Int]) {
        evs_thread_unbind(cores.map(CInt.init), cores.count)
    }
}
