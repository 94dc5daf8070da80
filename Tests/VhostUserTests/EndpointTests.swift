import CVhost
import Foundation
import Testing
import VhostUser

/// Sockets made and found, by the service's own thread.
@Suite struct EndpointTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path: String

        init() {
            path = FileManager.default.temporaryDirectory.appending(path: "evs-\(UUID().uuidString.prefix(8))").path
            try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func file(_ name: String) -> String { path + "/" + name }
    }

    private static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return address
    }

    private static func socketNumber() -> FileDescriptor {
        FileDescriptor(owning: socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    }

    private static func use(
        _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: address(path)) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    private static func connectTo(_ path: String) -> FrontEnd? {
        let socket = socketNumber()
        return use(path) { connect(socket.number, $0, $1) } == 0 ? FrontEnd(socket: socket) : nil
    }

    /// A socket bound to the path, listening or not.
    private static func bound(_ path: String, isListening: Bool) -> FileDescriptor {
        let socket = socketNumber()
        #expect(use(path) { bind(socket.number, $0, $1) } == 0)
        if isListening { #expect(listen(socket.number, 8) == 0) }
        return socket
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Sends a whole bring-up and waits until it is done.
    private static func bringUp(_ frontEnd: FrontEnd, _ memory: TestMemory) -> Bool {
        frontEnd.post(.setProtocolFeatures, little(VhostProtocolFeatures.supported))
        frontEnd.post(.setFeatures, little(SessionHarness.plainBits))
        frontEnd.post(.setMemoryTable, memory.table, files: [memory.file.number])
        for queue in 0..<2 {
            let event = makeEvent()
            frontEnd.post(.setRingSize, SessionHarness.state(queue, 64))
            frontEnd.post(
                .setRingAddresses, SessionHarness.addressPayload(queue, SessionHarness.addresses(queue)))
            frontEnd.post(.setRingCall, little(UInt64(queue)), files: [event.number])
            frontEnd.post(.setRingKick, little(UInt64(queue)), files: [event.number])
            frontEnd.post(.setRingEnabled, SessionHarness.state(queue, 1))
        }
        frontEnd.post(.setOwner, needsReply: true)
        return frontEnd.awaitAnswer()?.answer.value == 0
    }

    private func server(_ path: String, mode: UInt32 = 0o660) -> VhostEndpoint {
        .server(path: path, access: VhostEndpointAccess(mode: mode))
    }

    @Test func serverMode() throws {
        let folder = Folder(), service = try VhostService(), recorder = Recorder()
        defer { service.close() }
        let path = folder.file("a.sock")
        let port = try service.add(server(path, mode: 0o606), options: VhostSessionOptions(), delegate: recorder)
        var information = stat()
        #expect(lstat(path, &information) == 0 && information.st_mode & 0o777 == 0o606)
        let memory = TestMemory()
        for round in 1...3 {
            let frontEnd = try #require(Self.connectTo(path))
            #expect(Self.bringUp(frontEnd, memory))
            #expect(recorder.running.count == 2)
            let status = try #require(service.status(port))
            #expect(status.isConnected && status.runningQueues == 2 && status.connections == round)
            #expect(status.features == SessionHarness.plainBits)
            // A second one is turned away, and the first stays.
            let second = try #require(Self.connectTo(path))
            #expect(second.awaitEnd())
            #expect(service.status(port)?.runningQueues == 2)
        }
        service.remove(port)
        #expect(recorder.running.isEmpty && memory.mappings == 0 && !Self.exists(path))
        #expect(service.status(port) == nil && recorder.mistakes == [])
    }

    @Test func clientMode() throws {
        let folder = Folder(), service = try VhostService(), recorder = Recorder()
        defer { service.close() }
        let path = folder.file("b.sock")
        let port = try service.add(.client(path: path), options: VhostSessionOptions(), delegate: recorder)
        let memory = TestMemory()
        for _ in 0..<3 {
            let listener = Self.bound(path, isListening: true)
            let number = evs_vhost_accept_blocking(listener.number)
            let frontEnd = FrontEnd(socket: FileDescriptor(owning: number))
            #expect(Self.bringUp(frontEnd, memory))
            #expect(recorder.running.count == 2)
            unlink(path)
        }
        service.remove(port)
        #expect(recorder.running.isEmpty && memory.mappings == 0 && recorder.mistakes == [])
    }

    private func evs_vhost_accept_blocking(_ listener: CInt) -> CInt { accept(listener, nil, nil) }

    @Test func refusedPaths() throws {
        let folder = Folder(), service = try VhostService()
        defer { service.close() }
        let longest = folder.file(String(repeating: "x", count: 107 - folder.path.utf8.count - 1))
        let tooLong = longest + "x"
        let plain = folder.file("plain"), live = folder.file("live"), link = folder.file("link")
        try "text".write(toFile: plain, atomically: true, encoding: .utf8)
        #expect(symlink(plain, link) == 0)
        let listener = Self.bound(live, isListening: true)
        let missing = folder.file("none/a.sock"), below = plain + "/a.sock"
        let cases: [(VhostEndpoint, VhostEndpointError)] = [
            (server(""), .pathEmpty), (.client(path: ""), .pathEmpty),
            (server(tooLong), .pathTooLong(tooLong)), (.client(path: tooLong), .pathTooLong(tooLong)),
            (server("a\0b"), .pathHasZeroByte),
            (server(missing), .directoryMissing(missing)), (server(below), .directoryMissing(below)),
            (server(plain), .foreignFile(plain)), (server(link), .foreignFile(link)),
            (server(folder.path), .foreignFile(folder.path)), (server(live), .taken(live)),
            (
                .server(path: folder.file("u"), access: VhostEndpointAccess(user: "no-such-user")),
                .unknownUser("no-such-user")
            ),
            (
                .server(path: folder.file("g"), access: VhostEndpointAccess(group: "no-such-group")),
                .unknownGroup("no-such-group")
            ),
        ]
        for (endpoint, error) in cases {
            #expect(throws: error) {
                try service.add(endpoint, options: VhostSessionOptions(), delegate: Recorder())
            }
        }
        #expect(try String(contentsOfFile: plain, encoding: .utf8) == "text")
        #expect(Self.exists(live) && !Self.exists(folder.file("u")))
        let port = try service.add(server(longest), options: VhostSessionOptions(), delegate: Recorder())
        #expect(throws: VhostEndpointError.taken(longest)) {
            try service.add(server(longest), options: VhostSessionOptions(), delegate: Recorder())
        }
        service.remove(port)
        withExtendedLifetime(listener) {}
    }

    @Test func staleSocketIsReplacedAndAnothersIsLeft() throws {
        let folder = Folder(), service = try VhostService(), path = folder.file("s.sock")
        defer { service.close() }
        do { _ = Self.bound(path, isListening: true) }
        #expect(Self.exists(path), "left by the one that is gone")
        let port = try service.add(server(path), options: VhostSessionOptions(), delegate: Recorder())
        #expect(Self.connectTo(path) != nil)
        unlink(path)
        let other = Self.bound(path, isListening: true)
        service.remove(port)
        #expect(Self.exists(path), "somebody else's by now")
        withExtendedLifetime(other) {}
    }

    /// Connections come and go; nothing is left behind.
    @Test func fiveHundredCycles() throws {
        let folder = Folder(), service = try VhostService(), recorder = Recorder(), memory = TestMemory()
        defer { service.close() }
        let path = folder.file("c.sock")
        let port = try service.add(server(path), options: VhostSessionOptions(), delegate: recorder)
        let before = try Self.openDescriptors()
        for round in 0..<500 {
            let frontEnd = try #require(Self.connectTo(path))
            if round % 3 == 0 { frontEnd.post(bytes: [1, 2, 3]) } else { #expect(Self.bringUp(frontEnd, memory)) }
        }
        // Its answer comes after the last connection's end has been seen.
        let last = try #require(Self.connectTo(path))
        #expect(Self.bringUp(last, memory))
        #expect(recorder.running.count == 2 && memory.mappings == 1 && memory.descriptors == 1)
        // Other tests run meanwhile, so not exactly; a leak would show as 500 and more.
        #expect(try Self.openDescriptors() - before < 250)
        service.remove(port)
        #expect(memory.mappings == 0 && recorder.mistakes == [])
    }

    /// A monitor that dies with much unread, as one that is killed while the switch is busy, is not in its successor's
    /// way.
    @Test func successorOfOneWithMuchUnread() throws {
        let folder = Folder(), service = try VhostService(), memory = TestMemory()
        defer { service.close() }
        let path = folder.file("n.sock")
        _ = try service.add(server(path), options: VhostSessionOptions(), delegate: Recorder())
        for _ in 0..<20 {
            do {
                let talkative = try #require(Self.connectTo(path))
                for _ in 0..<150 { talkative.post(.setOwner) }
            }
            let successor = try #require(Self.connectTo(path))
            #expect(Self.bringUp(successor, memory))
        }
    }

    private static func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// A flood, a half message and silence on three ports hold up nobody on the fourth.
    @Test func slowPeersHoldUpNobody() throws {
        let folder = Folder(), service = try VhostService(), memory = TestMemory()
        defer { service.close() }
        let paths = (0..<4).map { folder.file("\($0).sock") }
        for path in paths { _ = try service.add(server(path), options: VhostSessionOptions(), delegate: Recorder()) }
        let peers = try paths.map { try #require(Self.connectTo($0)) }
        peers[1].post(bytes: [2, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 7])
        let flooding = peers[2].socket, over = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let bytes = TestMessage(request: VhostRequestNumber.setOwner.rawValue, payload: []).bytes
            var sent = 12
            while sent == 12 || sent == -Int(EAGAIN) { sent = evs_vhost_send(flooding.number, bytes, 12, nil, 0) }
            over.signal()
        }
        for _ in 0..<200 {
            peers[3].post(.getFeatures)
            #expect(peers[3].awaitAnswer()?.answer.value == VhostSessionOptions.defaultFeatures)
        }
        #expect(Self.bringUp(peers[3], memory))
        shutdown(peers[2].socket.number, Int32(SHUT_RDWR))
        over.wait()
    }

    @Test func memoryFaultTakesThePortDownAndNoOther() throws {
        let folder = Folder(), service = try VhostService()
        defer { service.close() }
        let paths = [folder.file("a"), folder.file("b")], recorders = [Recorder(), Recorder()]
        let memories = [TestMemory(), TestMemory()]
        let ports = try zip(paths, recorders).map {
            try service.add(server($0), options: VhostSessionOptions(), delegate: $1)
        }
        let peers = try paths.map { try #require(Self.connectTo($0)) }
        for (peer, memory) in zip(peers, memories) { #expect(Self.bringUp(peer, memory)) }
        let queue = try #require(recorders[0].running[0])
        memories[0].truncate()
        #expect(UnsafeRawPointer(bitPattern: queue.descriptors)!.load(as: UInt64.self) == 0)
        #expect(peers[0].awaitEnd())
        #expect(service.status(ports[0])?.lastEnd == .violation(.memoryFault))
        #expect(recorders[0].running.isEmpty && recorders[1].running.count == 2)
        // A sane guest is served again.
        let memory = TestMemory(), peer = try #require(Self.connectTo(paths[0]))
        #expect(Self.bringUp(peer, memory))
    }

    @Test func closedServiceRefuses() throws {
        let folder = Folder(), service = try VhostService()
        service.close()
        #expect(throws: VhostEndpointError.serviceClosed) {
            try service.add(server(folder.file("x")), options: VhostSessionOptions(), delegate: Recorder())
        }
        service.close()
    }
}
