import Foundation
import Packet
import Testing

/// Files that are cut off, damaged, hostile, or no captures at all.
@Suite struct CaptureDamageTests {
    static let packets = TestPacket.samples(unit: 1000, lengths: [60, 0, 14, 33])

    /// Cut at every byte: whole packets are kept, what is lost is said, and nothing traps.
    @Test(arguments: [false, true]) func pcapCutAnywhere(isBigEndian: Bool) throws {
        let file = TestFile.pcap(Self.packets, isBigEndian: isBigEndian)
        var ends = [24]
        for packet in Self.packets { ends.append(ends.last! + 16 + packet.bytes.count) }
        #expect(loadError([]) == .empty(file: "test"))
        for length in 1..<24 { try expectRefusedHeader(Array(file[..<length])) }
        for length in 24...file.count {
            let capture = try Capture.load(Array(file[..<length]))
            let whole = ends.lastIndex { $0 <= length }!
            #expect(capture.packets == Array(Self.packets[..<whole]), "cut at \(length)")
            if ends.contains(length) {
                #expect(capture.truncation == nil, "cut at \(length)")
            } else {
                let kept = "\(whole) whole packet\(whole == 1 ? "" : "s") kept, the last one lost"
                #expect(capture.truncation == "cut off mid-record at byte \(length): \(kept)")
            }
        }
    }

    @Test(arguments: [false, true]) func pcapngCutAnywhere(isBigEndian: Bool) throws {
        let interface = TestFile.Interface(name: "eth0", resolution: 9)
        let file = TestFile.pcapng(Self.packets, interfaces: [interface], isBigEndian: isBigEndian)
        let start = TestFile.pcapng([], interfaces: [interface], isBigEndian: isBigEndian).count
        var ends = [start]
        for packet in Self.packets { ends.append(ends.last! + 32 + (packet.bytes.count + 3) / 4 * 4) }
        #expect(ends.last == file.count)
        for length in 1..<start { try expectRefusedHeader(Array(file[..<length])) }
        for length in start...file.count {
            let capture = try Capture.load(Array(file[..<length]))
            let whole = ends.lastIndex { $0 <= length }!
            #expect(capture.packets == Array(Self.packets[..<whole]), "cut at \(length)")
            if ends.contains(length) {
                #expect(capture.truncation == nil, "cut at \(length)")
            } else {
                #expect(capture.truncation?.hasPrefix("cut off mid-record at byte \(length): ") == true)
            }
        }
    }

    private func expectRefusedHeader(_ bytes: [UInt8]) throws {
        switch try #require(loadError(bytes), "\(bytes.count) bytes were taken") {
        case .unsupported, .notACapture: break
        case let error: Issue.record("\(bytes.count) bytes: \(error)")
        }
    }

    @Test func gzipCutAnywhere() throws {
        let whole = gzip(TestFile.pcap(Self.packets))
        for length in 3..<whole.count {
            do throws(CaptureError) {
                let capture = try Capture.load(Array(whole[..<length]))
                #expect(capture.truncation?.hasPrefix("gzip stream cut off") == true, "cut at \(length)")
                #expect(capture.packets == Array(Self.packets[..<capture.packetCount]))
            } catch {
                #expect(error == .unsupported(file: "test", reason: "its gzip stream is cut off too early"))
            }
        }
        let last = try Capture.load(Array(whole.dropLast(1)))
        #expect(last.packets == Self.packets)
        #expect(last.truncation?.hasSuffix("4 whole packets kept, what followed is lost") == true)
    }

    @Test func damagedGzip() {
        var bytes = gzip(TestFile.pcap(Self.packets))
        bytes[bytes.count - 8] ^= 1
        #expect(loadError(bytes) == .brokenGzip(file: "test", reason: "incorrect data check"))
        let error = loadError([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF])
        #expect(error == .brokenGzip(file: "test", reason: "invalid block type"))
    }

    /// Every single byte changed, each in turn: an error or a capture, never more packets than there were bytes for.
    @Test func everyByteChanged() {
        let interface = TestFile.Interface(name: "eth0", resolution: 9)
        let files = [TestFile.pcap(Self.packets), TestFile.pcapng(Self.packets, interfaces: [interface])]
        for file in files + files.map(gzip) {
            for index in file.indices {
                for change in [0x01, 0x80, 0xFF] as [UInt8] {
                    var bytes = file
                    bytes[index] ^= change
                    guard let capture = try? Capture.load(bytes) else { continue }
                    let end = capture.records.map { Int($0.offset) + Int($0.length) }.max() ?? 0
                    #expect(end <= capture.byteCount && capture.byteCount <= 1000, "byte \(index) ^ \(change)")
                }
            }
        }
    }

    @Test(arguments: [262_145, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32]) func lyingLength(length: UInt32) throws {
        var file = TestFile(isBigEndian: false)
        file.bytes = TestFile.pcap(Self.packets)
        let position = file.bytes.count + 16
        file.put(UInt32(1), 1, length, length)
        file.bytes += [UInt8](repeating: 0, count: 100)
        let capture = try Capture.load(file.bytes)
        #expect(capture.packets == Self.packets)
        #expect(capture.truncation?.hasPrefix("damaged at byte \(position) (") == true)
        #expect(capture.truncation?.hasSuffix("): 4 whole packets kept, what follows is lost") == true)
    }

    @Test func overlongPcapngPacket() throws {
        let interface = TestFile.Interface(snapshotLength: 1 << 20)
        let longest = TestPacket([UInt8](repeating: 1, count: Capture.recordLengthLimit), timestamp: 0)
        let longer = TestPacket([UInt8](repeating: 1, count: Capture.recordLengthLimit + 1), timestamp: 0)
        let capture = try Capture.load(TestFile.pcapng([longest, longer, longest], interfaces: [interface]))
        #expect(capture.packetCount == 1)
        #expect(capture.truncation?.contains("(a packet of 262145 captured bytes): 1 whole packet kept") == true)
    }

    @Test func wrongLinkType() {
        let raw = loadError(TestFile.pcap(Self.packets, linkType: 101))
        #expect(raw == .wrongLinkType(file: "test", interface: nil, number: 12, name: "RAW"))
        #expect(raw?.description.hasPrefix("test: its link type is RAW (12); only Ethernet (EN10MB, 1)") == true)
        let unknown = loadError(TestFile.pcap([], linkType: 9999))
        #expect(unknown?.description.contains("a link type without a name (9999)") == true)
    }

    @Test(arguments: [false, true]) func wrongLinkTypeOfAnInterface(isBigEndian: Bool) {
        let wireless = TestFile.Interface(linkType: 105, name: "wlan0")
        let first = loadError(TestFile.pcapng([], interfaces: [wireless], isBigEndian: isBigEndian))
        #expect(
            first == .wrongLinkType(file: "test", interface: "0 (\"wlan0\")", number: 105, name: "IEEE802_11"))
        let interfaces = [TestFile.Interface(name: "eth0"), TestFile.Interface(linkType: 101, name: "tun\u{1B}0")]
        let second = loadError(TestFile.pcapng(Self.packets, interfaces: interfaces, isBigEndian: isBigEndian))
        #expect(second == .wrongLinkType(file: "test", interface: "1 (\"tun0\")", number: 12, name: "RAW"))
    }

    @Test func disagreeingSnapshotLengths() {
        let interfaces = [TestFile.Interface(), TestFile.Interface(snapshotLength: 96)]
        let message = loadError(TestFile.pcapng(Self.packets, interfaces: interfaces))?.description
        #expect(message?.contains("interface 1 has snapshot length 96, the first one 262144") == true)
    }

    @Test func sectionsOfBothByteOrders() {
        let file = TestFile.pcapng(Self.packets) + TestFile.pcapng(Self.packets, isBigEndian: true)
        #expect(loadError(file)?.description.contains("its sections differ in byte order") == true)
    }

    /// libpcap would take ticks of 2^-35 s, and get the time wrong.
    @Test func tooFineAClock() {
        let packets = [TestPacket([1], timestamp: 0)]
        let fine = TestFile.Interface(name: "eth0", resolution: 0x80 | 34)
        let tooFine = TestFile.Interface(name: "eth1", resolution: 0x80 | 35)
        #expect(loadError(TestFile.pcapng(packets, interfaces: [fine])) == nil)
        let message = loadError(TestFile.pcapng(packets, interfaces: [fine, tooFine]))?.description
        #expect(message?.contains("interface 1 (\"eth1\") counts time in 2^-35 s") == true)
    }

    /// Nothing stays open after an error.
    @Test func descriptorsAreClosed() async throws {
        await #expect(processExitsWith: .success) {
            func lowestFree() -> Int32 {
                let descriptor = open("/dev/null", O_RDONLY)
                close(descriptor)
                return descriptor
            }
            let foreign = try TemporaryFile([1, 2, 3])
            let packed = try TemporaryFile([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF])
            let whole = try TemporaryFile(TestFile.pcap(CaptureDamageTests.packets))
            let before = lowestFree()
            for _ in 0..<10 {
                for path in [foreign.directoryPath, foreign.path, packed.path] {
                    precondition((try? Capture.load(path)) == nil)
                }
                precondition((try? Capture.load(whole.path, maximumBytes: 30)) == nil)
                _ = try Capture.load(whole.path)
                _ = try CaptureWriter(foreign.path + ".out")
            }
            precondition(lowestFree() == before)
        }
    }

    @Test func foreignFiles() {
        let text = loadError(Array("Hello, world".utf8))
        #expect(text == .notACapture(file: "test", magic: Array("Hello, w".utf8)))
        #expect(text?.description.contains("begins with 48 65 6c 6c 6f 2c 20 77 (text);") == true)
        let zstandard = loadError([0x28, 0xB5, 0x2F, 0xFD, 0, 0])
        #expect(zstandard?.description.contains("(zstd: unpack it with zstd -d)") == true)
        #expect(loadError([7]) == .notACapture(file: "test", magic: [7]))
        #expect(loadError(gzip([])) == .empty(file: "test"))
        let twice = loadError(gzip(gzip(TestFile.pcap(Self.packets))))
        #expect(twice?.description.contains("gzip within gzip") == true)
    }

    @Test func filesThatAreNoFiles() throws {
        let file = try TemporaryFile([])
        func error(_ path: String) -> CaptureError? {
            do throws(CaptureError) {
                _ = try Capture.load(path)
                return nil
            } catch {
                return error
            }
        }
        #expect(error(file.path) == .empty(file: file.path))
        #expect(error(file.directoryPath) == .directory(file: file.directoryPath))
        #expect(error(file.path + ".pcap") == .missing(file: file.path + ".pcap"))
        #expect(error(file.path + "/x") == .unreadable(file: file.path + "/x", reason: "Not a directory"))
    }

    /// 16 MiB of zeros, packed a thousandfold, end at the bound, as empty packets and as an unknown pcapng block do.
    @Test func gzipBomb() {
        let zeros = [UInt8](repeating: 0, count: 16 << 20)
        let packets = gzip(TestFile.pcap([]) + zeros)
        #expect(packets.count < 20_000)
        #expect(loadError(packets, maximumBytes: 1 << 20) == .tooBig(file: "test", maximumBytes: 1 << 20))
        #expect(loadError(packets, maximumBytes: 17 << 20) == nil)
        var file = TestFile(isBigEndian: false)
        file.bytes = TestFile.pcapng([])
        for _ in 0..<16 { file.putBlock(0xBAD) { $0.bytes = [UInt8](zeros[..<(1 << 20)]) } }
        #expect(loadError(gzip(file.bytes), maximumBytes: 1 << 20) == .tooBig(file: "test", maximumBytes: 1 << 20))
    }

    @Test func fileBeyondTheBound() throws {
        let bytes = TestFile.pcap(Self.packets)
        #expect(loadError(bytes, maximumBytes: bytes.count) == nil)
        let error = loadError(bytes, maximumBytes: bytes.count - 1)
        #expect(error == .tooBig(file: "test", maximumBytes: bytes.count - 1))
    }
}
