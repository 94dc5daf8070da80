import Dispatch
import Foundation
import Logging
import Switch

/// How `evs run` was called.
public struct DaemonOptions: Sendable {
    /// The configuration file; `nil`: ``SwitchConfiguration/standard``.
    public var configurationFile: String?
    /// Goes before what the file and the environment say.
    public var runDirectory: String?
    /// Goes before what the file says.
    public var controlSocket: String?
    public var logLevel = Logger.Level.info
    /// Of the program, for `show`.
    public var version = ""

    public init() {}
}

/// A long-running switch: its control thread, from start to end.
public struct Daemon {
    private let options: DaemonOptions
    private let log: Logger
    private let queue = ControlQueue()
    private let serviceManager = ServiceManager()

    public init(_ options: DaemonOptions) {
        self.options = options
        let level = options.logLevel
        log = Logger(label: "evs") { _ in
            var handler = DaemonLog()
            handler.logLevel = level
            return handler
        }
    }

    /// Runs until told to end. The calling thread becomes the control thread.
    ///
    /// - Throws: why it could not start, or what went wrong at the end.
    public func run() throws {
        do {
            try runUntilToldToEnd()
        } catch {
            serviceManager.tell(.failed("\(error)"))
            throw error
        }
    }

    private func runUntilToldToEnd() throws {
        let configuration = try options.configurationFile.map { try ConfigurationFile.read($0) } ?? .standard
        let folder = options.runDirectory ?? configuration.sockets.runDirectory ?? RunPlace.folder()
        let directory = try RunDirectory(folder)
        defer { directory.release() }
        // Before any thread starts, so that all of them leave these signals to the one that waits for them.
        watchSignals()
        let manager = try SwitchManager(configuration)
        do {
            let server = try ControlServer(
                path: options.controlSocket ?? configuration.sockets.control ?? folder + "/evs.sock",
                accountGroup: configuration.sockets.group, mode: configuration.sockets.mode, queue: queue)
            let openFlow = OpenFlowService(
                manager, runDirectory: folder, version: options.version, queue: queue, log: log)
            defer { openFlow.close() }
            let lastReply = serve(manager, openFlow, server)
            serviceManager.tell(.stopping)
            log.notice("stopping")
            server.stopListening()
            defer { server.shutDown() }
            try manager.stop()
            lastReply?()
        } catch {
            try? manager.stop()
            throw error
        }
        log.notice("stopped")
    }

    /// Serves events until one says to end; how to answer that one when all is done.
    private func serve(
        _ manager: SwitchManager, _ openFlow: OpenFlowService, _ server: ControlServer
    ) -> (() -> Void)? {
        let service = SwitchService(
            manager, openFlow, configurationFile: options.configurationFile, version: options.version, log: log)
        openFlow.reconcile()
        for note in manager.notes { log.warning("\(note)") }
        serviceManager.tell(.ready)
        log.notice(
            "ready",
            metadata: [
                "socket": "\(server.path)", "process": "\(getpid())", "workers": "\(manager.workers().count)",
                "bridges": "\(manager.configuration.bridges.count)",
            ])
        var watchdog = Watchdog(serviceManager, log)
        var (pause, ending) = (0, Ending?.none)
        queue.setOpen(true)
        defer { queue.setOpen(false) }
        while true {
            queue.serveNext(within: .milliseconds(pause)) { event in
                watchdog.look(manager.workerProgress)
                openFlow.tick()
                ending = deal(with: event, service, openFlow)
                pause = min(watchdog.intervalMilliseconds, openFlow.quietMilliseconds)
            }
            if let ending { return ending.lastReply }
        }
    }

    /// What ends the daemon.
    private struct Ending {
        /// What is to be done when all else is; `nil`: nobody waits for an answer.
        var lastReply: (() -> Void)?
    }

    private func deal(with event: ControlEvent?, _ service: SwitchService, _ openFlow: OpenFlowService) -> Ending? {
        switch event {
        case .request(let line, let reply):
            let answer = service.answer(line)
            if answer.quits { return Ending { reply(answer.line) } }
            reply(answer.line)
        case .signal(SIGHUP):
            serviceManager.tell(.reloading)
            // Said in the log; nothing has changed then.
            _ = try? service.reload()
            serviceManager.tell(.ready)
        case .signal(let signal):
            log.notice("told to end", metadata: ["signal": "\(String(cString: strsignal(signal)))"])
            return Ending()
        case .session(let event): openFlow.handle(event)
        case .packets(let done):
            openFlow.takePackets()
            done()
        case nil: break
        }
        return nil
    }

    /// From now on SIGHUP, SIGINT and SIGTERM arrive as events.
    private func watchSignals() {
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGHUP, SIGINT, SIGTERM] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let (signals, queue) = (set, queue)
        Thread.detachNewThread {
            var set = signals
            while true {
                var signal: Int32 = 0
                if sigwait(&set, &signal) == 0 { queue.append(.signal(signal)) }
            }
        }
    }
}

/// Tells the service manager that the switch lives, as long as every worker polls.
private struct Watchdog {
    private let serviceManager: ServiceManager
    private let log: Logger
    private var lastProgress: [UInt64] = []
    private var lastLook = DispatchTime.now().uptimeNanoseconds

    init(_ serviceManager: ServiceManager, _ log: Logger) {
        self.serviceManager = serviceManager
        self.log = log
    }

    /// How long the control thread may sleep.
    var intervalMilliseconds: Int { serviceManager.watchdogNanoseconds.map { Int($0 / 2_000_000) } ?? .max }

    mutating func look(_ progress: [UInt64]) {
        guard let period = serviceManager.watchdogNanoseconds else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        if now - lastLook < period / 2 { return }
        lastLook = now
        let stuck = zip(progress, lastProgress).enumerated().filter { $1.0 == $1.1 }.map(\.offset)
        lastProgress = progress
        if stuck.isEmpty {
            serviceManager.tell(.alive)
        } else {
            log.critical("a worker is stuck", metadata: ["workers": "\(stuck)"])
        }
    }
}
