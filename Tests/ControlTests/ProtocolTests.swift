import Foundation
import Switch
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// The socket itself: what clients may do to it.
    @Suite struct ProtocolTests {
        private static let refusals = [
            ("nonsense", "a request is one line of JSON"), ("{}", "a request is one line of JSON"),
            ("[1]", "a request is one line of JSON"), ("", "a request is one line of JSON"),
            (#"{"command":"shwo"}"#, "there is no command 'shwo'; did you mean 'show'?"),
            (#"{"command":"show","arguments":{"x":1}}"#, "unknown key 'x' for 'show'"),
            (#"{"command":"show","arguments":3}"#, "'3' stands where a mapping"),
            (#"{"command":"port add","arguments":{"name":"x","type":"null"}}"#, "'bridge' is missing"),
            (#"{"command":"port add","arguments":{"bridge":["br0"],"name":"x"}}"#, "a list stands where a word"),
            (#"{"command":"flow del","arguments":{"bridge":"br0","strict":7}}"#, "'7' stands where true or false"),
        ]

        @Test func refusedRequests() throws {
            let daemon = try RunningDaemon()
            let client = try PlainClient(daemon.socket)
            for (request, message) in Self.refusals {
                client.send(request + "\n")
                let reply = try JSONSerialization.jsonObject(with: Data(client.line().utf8)) as? [String: String]
                #expect(reply?.keys.sorted() == ["error"] && reply?["error"]?.contains(message) == true, "\(request)")
                // The connection is as good as before.
                client.send(#"{"command":"show"}"# + "\n")
                #expect(client.line().hasPrefix(#"{"ok":{"bridges":"#))
            }
        }

        @Test func severalRequestsAtOnceAreAnsweredInOrder() throws {
            let daemon = try RunningDaemon()
            let client = try PlainClient(daemon.socket)
            client.send(
                (1...20).map { #"{"command":"port add","arguments":{"bridge":"br0","name":"p\#($0)","type":"null"}}"# }
                    .joined(separator: "\n") + "\n")
            for number in 1...20 { #expect(client.line().contains(#""name":"p\#(number)","number":\#(number)"#)) }
            // A client that has said all it has to say still gets its answer.
            client.send(#"{"command":"port list"}"# + "\n")
            shutdown(client.descriptor, CInt(SHUT_WR))
            #expect(client.line().contains(#""name":"p20""#))
            #expect(client.line().isEmpty)
        }

        @Test func halfALineDisturbsNobody() throws {
            let daemon = try RunningDaemon()
            let half = try PlainClient(daemon.socket)
            half.send(#"{"command":"#)
            let silent = try PlainClient(daemon.socket)
            try daemon.evs("port", "add", "br0", "a", "--type", "null")
            half.send(#""show"}"# + "\n")
            #expect(half.line().hasPrefix(#"{"ok":"#))
            withExtendedLifetime(silent) {}
        }

        @Test func readingNothingDisturbsNobody() throws {
            let daemon = try RunningDaemon()
            let deaf = try PlainClient(daemon.socket)
            var limit = timeval(tv_sec: 0, tv_usec: 50_000)
            setsockopt(deaf.descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            // Until neither side takes any more.
            let requests = String(repeating: #"{"command":"show"}"# + "\n", count: 1000)
            var count = 0
            while count < 2000, deaf.send(requests) { count += 1 }
            try daemon.evs("port", "add", "br0", "a", "--type", "null")
            #expect(try daemon.ports().map(\.name) == ["a"])
        }

        @Test func tooLongALineIsRefused() throws {
            let daemon = try RunningDaemon()
            let client = try PlainClient(daemon.socket)
            let block = String(repeating: "x", count: 1 << 20)
            for _ in 0..<17 where !client.send(block) { break }
            #expect(client.line().contains("the request is too large"))
            try daemon.evs("show")
        }

        @Test func fiftyClientsAtOnce() async throws {
            let daemon = try RunningDaemon()
            let socket = daemon.socket
            let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...50 {
                    group.addTask {
                        let client = try ControlClient(path: socket)
                        let port = try client.ask(
                            .portAdd, ["bridge": "br0", "name": "p\(number)", "type": "null"])
                        let all = try client.ask(.portList, ["bridge": "br0"])
                        let added = try JSONDecoder().decode(ControlReply.OnePort.self, from: port).port
                        return try JSONDecoder().decode(ControlReply.Ports.self, from: all).ports.contains(added)
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(answers.count == 50 && answers.allSatisfy { $0 })
            #expect(try daemon.ports().map(\.number).sorted() == Array(1...50))
        }
    }
}
