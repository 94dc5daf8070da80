import Glibc
import NIOCore

/// One client of the control socket: takes its lines one at a time, and waits with the next until the client has taken
/// the answer to the last.
final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// For a line to be complete.
        case reading
        /// For the control thread.
        case serving
        /// For the client to take the answer.
        case writing
    }

    private let queue: ControlQueue
    private let limits: ControlLimits
    private let usage: ControlUsage
    private var buffer = ByteBuffer()
    /// Bytes of the buffer known to hold no line's end.
    private var searched = 0
    private var kept = 0
    private var state = State.reading
    private var isInputClosed = false
    private var deadline: Scheduled<Void>?

    init(queue: ControlQueue, limits: ControlLimits, usage: ControlUsage) {
        self.queue = queue
        self.limits = limits
        self.usage = usage
    }

    func channelActive(context: ChannelHandlerContext) {
        if usage.enter(limits) {
            setDeadline(limits.idleTimeout, context)
        } else {
            refuse("too many clients (\(limits.clients)); try again later", context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        usage.release(kept)
        usage.leave()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if isInputClosed { return }
        kept += bytes.readableBytes
        let fits = usage.keep(bytes.readableBytes, limits)
        buffer.writeBuffer(&bytes)
        guard fits, buffer.readableBytes <= limits.requestBytes else {
            return refuse("the request is too large: at most \(limits.requestBytes) bytes are taken", context)
        }
        if state == .reading { takeLine(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        isInputClosed = true
        if state == .reading { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Bytes of the first line without its end; `nil`: it has none yet.
    private var lineLength: Int? {
        buffer.withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress, bytes.count > searched,
                let end = memchr(start + searched, CInt(UInt8(ascii: "\n")), bytes.count - searched)
            else { return nil }
            return UnsafeRawPointer(end) - start
        }
    }

    /// Hands the next whole line over, if there is one.
    private func takeLine(_ context: ChannelHandlerContext) {
        guard let length = lineLength else {
            let isFirst = searched == 0
            searched = buffer.readableBytes
            if searched == 0 {
                setDeadline(limits.idleTimeout, context)
            } else if isFirst {
                setDeadline(limits.lineTimeout, context)
            }
            if isInputClosed { context.close(promise: nil) }
            return
        }
        let line = buffer.readBytes(length: length) ?? []
        buffer.moveReaderIndex(forwardBy: 1)
        buffer.discardReadBytes()
        searched = 0
        usage.release(line.count + 1)
        kept -= line.count + 1
        deadline?.cancel()
        state = .serving
        let answer = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        queue.append(
            .request(line) { reply in
                loop.execute { answer.value.0.send(reply, answer.value.1) }
            })
    }

    private func send(_ reply: [UInt8], _ context: ChannelHandlerContext) {
        guard context.channel.isActive, state == .serving else { return }
        state = .writing
        setDeadline(limits.replyTimeout, context)
        let next = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply))).whenSuccess {
            let (connection, context) = next.value
            connection.state = .reading
            connection.deadline?.cancel()
            if context.channel.isActive { connection.takeLine(context) }
        }
    }

    private func refuse(_ message: String, _ context: ChannelHandlerContext) {
        isInputClosed = true
        deadline?.cancel()
        let next = NIOLoopBound(context, eventLoop: context.eventLoop)
        setDeadline(limits.replyTimeout, context)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: SwitchService.refusal(message)))).whenComplete { _ in
            next.value.close(promise: nil)
        }
    }

    private func setDeadline(_ amount: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: amount) { channel.close(promise: nil) }
    }
}
