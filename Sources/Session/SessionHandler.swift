import NIOCore
import OpenFlow
import OpenFlowWire

/// The states of a connection: hello, then batches of messages, one at a time.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// For the peer's hello.
        case greeting
        /// For messages.
        case reading
        /// For a batch to be dealt with.
        case serving
        case ended
    }

    private let endpoint: SessionEndpoint
    private let isSnoop: Bool
    private var state = State.greeting
    private var codec = Codec(version: .v13)
    private var buffer = ByteBuffer()
    private var session: Session?
    private var context: ChannelHandlerContext?
    private let backlog = SessionBacklog()
    private var deadline: Scheduled<Void>?
    private var lastHeard = NIODeadline.now()
    private var hasAskedForEcho = false
    private var isInputClosed = false
    /// Why the connection ends, for the log.
    private var reason = "closed by the peer"

    init(endpoint: SessionEndpoint, isSnoop: Bool = false) {
        self.endpoint = endpoint
        self.isSnoop = isSnoop
    }

    // MARK: Coming and going

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { greet(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        greet(context)
        context.fireChannelActive()
    }

    private func greet(_ context: ChannelHandlerContext) {
        guard deadline == nil else { return }
        write(bytes: Hello.bytes(endpoint.options.versions))
        schedule(SessionLimits.helloTimeout) { $0.end("no hello within 10 s") }
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(SessionFailure.words(for: error))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        isInputClosed = true
        if state == .greeting || state == .reading { end(reason) }
    }

    private func finish() {
        deadline?.cancel()
        let wasOpen = state != .ended
        state = .ended
        context = nil
        if isSnoop { endpoint.removeSnoop(self) }
        if let session {
            self.session = nil
            endpoint.events(.closed(session, reason: reason))
        } else if wasOpen {
            endpoint.failed(reason)
        }
        endpoint.ended()
    }

    /// Ends the connection, after what was written.
    func end(_ reason: String) {
        guard let context, state != .ended else { return }
        self.reason = reason
        if session == nil { endpoint.failed(reason) }
        state = .ended
        deadline?.cancel()
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
        // A peer that reads nothing would keep it open for ever.
        context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state == .ended { return }
        var bytes = unwrapInboundIn(data)
        lastHeard = .now()
        hasAskedForEcho = false
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if state == .greeting { takeHello() }
        if state == .reading { takeBatch() }
        context.fireChannelReadComplete()
    }

    private func takeHello() {
        guard let header = header(), let size = whole(header) else { return }
        let bytes = buffer.readBytes(length: size) ?? []
        guard header.type == 0 else { return end("the first message is no hello") }
        guard let version = Hello.versions(bytes).highestCommon(with: endpoint.options.versions) else {
            let error = OpenFlowError(type: 0, code: 0, "no version in common")
            codec.version = endpoint.options.versions.highestCommon(with: VersionSet(upTo: header.version)) ?? .v10
            write([OpenFlowFrame(version: codec.version, xid: header.xid, message: .error(error, data: []))])
            return end("no version of OpenFlow in common: it speaks \(header.version)")
        }
        codec = Codec(version: version)
        deadline?.cancel()
        state = .reading
        scheduleProbe()
        if isSnoop { return endpoint.addSnoop(self) }
        guard let context else { return }
        let session = Session(
            id: endpoint.nextSessionID(), endpoint: endpoint.name, peer: endpoint.peer(of: context.channel),
            version: version, channel: context.channel, handler: self, waitingBytes: backlog)
        self.session = session
        endpoint.succeeded()
        endpoint.events(.opened(session))
    }

    /// The header of the next message; `nil`: it isn't there yet.
    private func header() -> Codec.Header? {
        if let header = nextHeader { return header }
        if state == .greeting || state == .reading { askForMore() }
        return nil
    }

    /// The header of the next message, if all of it is there.
    private var nextHeader: Codec.Header? {
        buffer.getInteger(at: buffer.readerIndex, as: UInt64.self).map { Codec.Header($0) }
    }

    /// The length of the message, if all of it is there.
    private func whole(_ header: Codec.Header) -> Int? {
        if header.length < Codec.headerSize {
            end("a message claims to be \(header.length) bytes long")
            return nil
        }
        if buffer.readableBytes >= header.length { return header.length }
        askForMore()
        return nil
    }

    private func askForMore() {
        if isInputClosed { return end(reason) }
        buffer.discardReadBytes()
        context?.read()
    }

    /// Hands over all whole messages, up to a bound.
    private func takeBatch() {
        guard let session else {
            // Who snoops has nothing to say.
            buffer.clear()
            return askForMore()
        }
        var items: [SessionItem] = []
        while items.count < SessionLimits.batch, backlog.count <= SessionLimits.repliedBytes, let header = nextHeader {
            if header.length < Codec.headerSize { return end("a message claims to be \(header.length) bytes long") }
            guard let message = buffer.readBytes(length: header.length) else { break }
            endpoint.snoop(message)
            take(message, header, into: &items)
        }
        if items.isEmpty, backlog.count <= SessionLimits.repliedBytes { return askForMore() }
        buffer.discardReadBytes()
        state = .serving
        // Nothing but echoes, whose answers the peer has left unread.
        if items.isEmpty { return readOn() }
        endpoint.events(.received(session, items))
    }

    private func take(_ bytes: [UInt8], _ header: Codec.Header, into items: inout [SessionItem]) {
        do {
            let frame = try codec.decode(bytes)
            switch frame.message {
            // At once, unless it stands behind others, whose answers come first (a barrier's: OpenFlow 1.3.5 §6.2).
            case .echoRequest(let data) where items.isEmpty:
                return write([OpenFlowFrame(version: codec.version, xid: frame.xid, message: .echoReply(data))])
            case .echoReply, .hello: return
            case .setFlowFormat(let format): codec.flowFormat = format
            case .setFlowModTableID(let isOn): codec.hasTableIDExtension = isOn
            case .setPacketInFormat(let format): codec.packetInFormat = format
            default: break
            }
            items.append(.frame(frame, bytes: bytes))
        } catch {
            items.append(.refused(error, xid: header.xid, bytes: bytes))
        }
    }

    /// The last batch has been dealt with. The next waits until the peer has read its answers.
    func readOn() {
        guard state == .serving else { return }
        if backlog.count > SessionLimits.repliedBytes {
            context?.eventLoop.scheduleTask(in: .milliseconds(10)) { [bound = NIOLoopBound(self, eventLoop: loop)] in
                bound.value.readOn()
            }
            return
        }
        state = .reading
        takeBatch()
    }

    private var loop: any EventLoop {
        guard let context else { preconditionFailure("the connection is open") }
        return context.eventLoop
    }

    // MARK: Writing

    func write(_ frames: [OpenFlowFrame]) {
        guard state != .ended || session == nil else { return }
        for frame in frames {
            let parts: [[UInt8]]
            if case .multipartReply(let reply, let more) = frame.message {
                parts = codec.encodeParts(reply, xid: frame.xid, more: more)
            } else {
                parts = [codec.encode(frame)]
            }
            for bytes in parts {
                endpoint.snoop(bytes)
                write(bytes: bytes, flushes: false)
            }
        }
        context?.flush()
    }

    func write(bytes: [UInt8], flushes: Bool = true) {
        guard let context else { return }
        let (count, backlog) = (bytes.count, backlog)
        backlog.add(count)
        context.write(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in backlog.subtract(count) }
        if flushes { context.flush() }
    }

    /// How much the peer has left unread.
    var unreadBytes: Int { backlog.count }

    // MARK: Silence

    private func schedule(_ amount: TimeAmount, _ body: @escaping (SessionHandler) -> Void) {
        deadline?.cancel()
        guard let context else { return }
        let bound = NIOLoopBound((self, body), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: amount) { bound.value.1(bound.value.0) }
    }

    private func scheduleProbe() {
        guard let probe = endpoint.options.probe else { return }
        schedule(probe) { $0.probe(after: probe) }
    }

    private func probe(after amount: TimeAmount) {
        // A peer whose batch is being dealt with can't be heard.
        if state == .serving { lastHeard = .now() }
        let silence = NIODeadline.now() - lastHeard
        if silence < amount {
            return schedule(amount - silence) { $0.probe(after: amount) }
        }
        if hasAskedForEcho { return end("no answer to an echo request") }
        hasAskedForEcho = true
        write([OpenFlowFrame(version: codec.version, xid: 0, message: .echoRequest([]))])
        schedule(amount) { $0.probe(after: amount) }
    }
}
