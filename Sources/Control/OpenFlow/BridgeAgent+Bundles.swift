import OpenFlow
import OpenFlowWire
import Session
import Switch

/// Bundles: changes that are made all at once, or not at all (OpenFlow 1.4 §6.9; ONF extension 230 for 1.3).
extension BridgeAgent {
    /// enum ofp_bundle_failed_code.
    private enum Failure: UInt16 {
        case unknown, permissions, badID, exists, closed, outOfBundles, badType, badFlags, badLength, badXid
        case unsupported, conflict, tooMany, failed, timeout, inProgress

        func callAsFunction(_ message: String) -> OpenFlowError {
            OpenFlowError(type: 17, code: rawValue, message)
        }
    }

    private static let bundleLimit = 1024

    func handle(
        _ control: BundleControl, xid: UInt32, on connection: ControllerConnection
    ) throws(OpenFlowError) {
        let id = control.id
        try check(control.flags)
        let reply: BundleControl.Kind
        switch control.type {
        case .openRequest:
            if connection.bundles[id] != nil {
                connection.bundles[id] = nil
                throw Failure.exists("there is a bundle \(id) already")
            }
            if connection.bundles.count >= Self.bundleLimit {
                throw Failure.outOfBundles("more than \(Self.bundleLimit) bundles are open")
            }
            connection.bundles[id] = OpenBundle(flags: control.flags)
            reply = .openReply
        case .closeRequest:
            let bundle = try bundle(id, on: connection)
            if bundle.isClosed { throw Failure.closed("bundle \(id) is closed already") }
            if bundle.flags != control.flags { throw Failure.badFlags("bundle \(id) was opened with other flags") }
            bundle.isClosed = true
            reply = .closeReply
        case .commitRequest:
            let bundle = try bundle(id, on: connection)
            connection.bundles[id] = nil
            if bundle.flags != control.flags { throw Failure.badFlags("bundle \(id) was opened with other flags") }
            try commit(bundle, on: connection)
            reply = .commitReply
        case .discardRequest:
            _ = try bundle(id, on: connection)
            connection.bundles[id] = nil
            reply = .discardReply
        case .openReply, .closeReply, .commitReply, .discardReply:
            throw Failure.badType("a switch is not sent this message")
        }
        connection.reply(
            .bundleControl(BundleControl(id: id, type: reply, flags: control.flags)), xid: xid)
    }

    private func check(_ flags: BundleFlags) throws(OpenFlowError) {
        if flags.isSubset(of: [.atomic, .ordered]) { return }
        throw Failure.badFlags("a bundle has no flags \(flags.rawValue)")
    }

    private func bundle(_ id: UInt32, on connection: ControllerConnection) throws(OpenFlowError) -> OpenBundle {
        guard let bundle = connection.bundles[id] else { throw Failure.badID("there is no bundle \(id)") }
        return bundle
    }

    func add(
        _ addition: BundleAdd, bytes: [UInt8], on connection: ControllerConnection
    ) throws(OpenFlowError) {
        let id = addition.id
        try check(addition.flags)
        // A message for a bundle that isn't there opens it.
        let open = connection.bundles[id] ?? OpenBundle(flags: addition.flags)
        if open.isClosed { throw Failure.closed("bundle \(id) is closed") }
        if open.flags != addition.flags {
            connection.bundles[id] = nil
            throw Failure.badFlags("bundle \(id) was opened with other flags")
        }
        switch addition.frame.message {
        case .flowMod, .groupMod, .meterMod, .portMod, .packetOut: break
        default: throw Failure.unsupported("this message can't stand in a bundle")
        }
        if open.frames.count >= OpenBundle.messageLimit {
            throw Failure.tooMany("a bundle has at most \(OpenBundle.messageLimit) messages")
        }
        if open.frames.isEmpty { connection.bundles[id] = open }
        open.frames.append((addition.frame, bytes))
    }

    /// Does all of it, and puts it in force in one step; then packets go out, as the bundle left the tables.
    private func commit(_ bundle: OpenBundle, on connection: ControllerConnection) throws(OpenFlowError) {
        // What came before the bundle is in force before it, not with it.
        bridge.publishChanges()
        let (before, told, waiting, kept) = (removals, updates, released, buffers)
        let (ports, known) = (changedPorts, knownPorts)
        var packets: [PacketOut] = []
        var place = 0
        do throws(OpenFlowError) {
            try bridge.transaction { () throws(OpenFlowError) in
                while place < bundle.frames.count {
                    if case .packetOut(let packet) = bundle.frames[place].frame.message {
                        let packet = try withBytes(packet)
                        try bridge.check(packet: packet.data, actions: packet.actions)
                        packets.append(packet)
                    } else {
                        try change(bundle.frames[place].frame, on: connection)
                    }
                    place += 1
                }
            }
        } catch {
            (removals, updates, released, buffers) = (before, told, waiting, kept)
            (changedPorts, knownPorts) = (ports, known)
            let failed = bundle.frames[place]
            // What stands before the message itself; on 1.3 the experimenter's header too.
            let head = connection.version < .v14 ? 24 : 16
            refuse(error, xid: failed.frame.xid, bytes: Array(failed.bytes.dropFirst(head)), on: connection)
            throw Failure.failed("message \(place + 1) of the bundle was refused: \(error.message)")
        }
        bridge.publishChanges()
        for packet in packets {
            // A group that the packet names may have gone later in the bundle: then the packet goes nowhere.
            try? bridge.send(packet: packet.data, inPort: packet.inPort, actions: packet.actions)
        }
        if !packets.isEmpty { performEffects() }
    }
}
