import Foundation
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// Guests' ports that can't be, asked for by a command, by a file at a reload, and by a file at start: one message,
    /// and nothing half done.
    @Suite final class GuestInputTests {
        private let folder: TemporaryFolder
        /// Somebody else's.
        private let listener: CInt

        init() throws {
            folder = try TemporaryFolder()
            try folder.write("precious", "data")
            listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            let descriptor = listener
            try #require(UnixAddress.with(folder.file("taken.sock")) { bind(descriptor, $0, $1) } == 0)
            try #require(listen(listener, 1) == 0)
        }

        deinit { close(listener) }

        private struct Case {
            var options: [(key: String, value: String)]
            var message: String

            init(_ type: String, _ path: String, _ more: [(String, String)] = [], message: String) {
                options = [("type", type), ("path", path)] + more
                self.message = message
            }

            /// For `evs port add`.
            var arguments: [String] { options.flatMap { ["--\($0.key)", $0.value] } }
            /// For a file.
            func yaml(_ name: String) -> String {
                "{" + ([("name", name)] + options).map { "\($0): \"\($1)\"" }.joined(separator: ", ") + "}"
            }
        }

        private var cases: [Case] {
            let long = folder.path + "/" + String(repeating: "x", count: 108 - folder.path.utf8.count - 1)
            let free = folder.file("free.sock"), taken = folder.file("taken.sock")
            return [
                Case("vhost-user", long, message: "has 108 bytes; a socket's path has at most 107"),
                Case("vhost-user-client", long, message: "has 108 bytes; a socket's path has at most 107"),
                Case("vhost-user", folder.path + "/", message: "is a folder; name a file in it"),
                Case("vhost-user", taken, message: "somebody listens on \(taken) already"),
                Case("vhost-user", folder.file("first.sock"), message: "first.sock' is taken by port 'first'"),
                Case("vhost-user-client", folder.file("first.sock"), message: "first.sock' is taken by port 'first'"),
                Case("vhost-user", folder.file("precious"), message: "exists and is not a socket"),
                Case("vhost-user", folder.file("none/vm.sock"), message: "there is no folder '\(folder.path)/none'"),
                Case("vhost-user", folder.file("precious/vm.sock"), message: "there is no folder"),
                // Nobody makes files there, not even root.
                Case(
                    "vhost-user", "/sys/evs-test.sock",
                    message: geteuid() == 0
                        ? "no permission to make the socket /sys/evs-test.sock"
                        : "evs may not write to the folder '/sys'"),
                Case("vhost-user", free, [("queues", "0")], message: "0 queues; a port has 1 to 64"),
                Case("vhost-user", free, [("queues", "65")], message: "65 queues; a port has 1 to 64"),
                Case("vhost-user-client", free, [("queues", "two")], message: "'two' stands where a whole number"),
                Case("vhost-user", free, [("owner", "no-such-user")], message: "there is no user 'no-such-user'"),
                Case("vhost-user", free, [("group", "no-such-group")], message: "there is no group 'no-such-group'"),
                Case("vhost-user", free, [("mode", "rw")], message: "'rw' is no file mode; write it in octal"),
            ]
        }

        private func file(_ ports: [String]) -> String {
            let first = "{name: first, type: vhost-user, path: \(folder.file("first.sock"))}"
            return "bridges:\n  - name: br0\n    ports:\n"
                + ([first] + ports).map { "      - \($0)\n" }.joined()
        }

        private func expectOne(_ message: String, in errors: String, _ what: Case) {
            #expect(errors.components(separatedBy: message).count == 2, "\(what): '\(message)' once in '\(errors)'")
        }

        @Test func byCommandAndByReload() throws {
            let daemon = try RunningDaemon(file([]))
            let before = folder.contents
            #expect(before == ["first.sock", "precious", "taken.sock"])
            // A good port stands before each bad one, and must go with it.
            let good = "{name: good, type: vhost-user, path: \(folder.file("good.sock"))}"
            for bad in cases {
                let added = try Product.run(
                    ["port", "add", "br0", "bad"] + bad.arguments, environment: ["EVS_RUNDIR": daemon.runDirectory])
                #expect(added.status == 1 && added.output.isEmpty, "\(bad): \(added)")
                expectOne(bad.message, in: added.errors, bad)
                try daemon.replaceConfiguration(file([good, bad.yaml("bad")]))
                expectOne(bad.message, in: try daemon.refused("reload"), bad)
                #expect(folder.contents == before, "\(bad)")
            }
            #expect(try daemon.ports().map(\.name) == ["first"])
            let twice = try daemon.refused(
                "port", "add", "br0", "first", "--type", "vhost-user", "--path", folder.file("free.sock"))
            #expect(twice.contains("there is a port 'first' already in bridge 'br0'"))
            let nowhere = try daemon.refused(
                "port", "add", "br7", "bad", "--type", "vhost-user", "--path", folder.file("free.sock"))
            #expect(nowhere.contains("there is no bridge 'br7'"))
            #expect(folder.contents == before)
            // After all that a good one is taken.
            try daemon.evs("port", "add", "br0", "bad", "--type", "vhost-user", "--path", folder.file("free.sock"))
            #expect(folder.contents.contains("free.sock"))
        }

        @Test func atStart() throws {
            let configuration = folder.file("evs.yaml")
            let wholes: [(text: String, message: String)] = [
                ("workers: {cores: [9999]}\n", "there is no core 9999 that evs may use"),
                ("memory: {hugepages: require, megabytes: 1048576}\n", "are free and 1048576 MB are wanted; give the"),
                (file(["{name: first, type: tap}"]), "there is a port 'first' already in bridge 'br0'"),
            ]
            let ports = cases.map { (text: file([$0.yaml("bad")]), message: $0.message) }
            for (text, message) in wholes + ports {
                try folder.write("evs.yaml", text)
                let before = folder.contents
                let result = try Product.run(["run", "--config", configuration, "--run-dir", folder.file("run")])
                #expect(result.status == 1 && result.output.isEmpty, "\(text): \(result)")
                #expect(result.errors.components(separatedBy: message).count == 2, "\(message): \(result.errors)")
                #expect(folder.contents == before, "\(text)")
            }
        }
    }
}
