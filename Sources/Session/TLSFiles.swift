import NIOSSL

/// Where a switch's certificate, its key, and the certificates that it trusts are. All in PEM.
public struct TLSFiles: Sendable, Hashable {
    public var certificate: String
    public var privateKey: String
    /// Signed the certificates of the controllers that are trusted.
    public var authority: String

    public init(certificate: String, privateKey: String, authority: String) {
        self.certificate = certificate
        self.privateKey = privateKey
        self.authority = authority
    }

    /// Reads the files.
    ///
    /// - Throws: ``SessionError`` when one can't be read, or certificate and key don't belong together.
    public func check() throws(SessionError) {
        do { _ = try clientContext() } catch let error as SessionError { throw error } catch {
            throw SessionError(
                "the certificate '\(certificate)' and the private key '\(privateKey)' can't be used together: "
                    + SessionFailure.words(for: error))
        }
    }

    /// For connections to controllers.
    ///
    /// Names are not compared, as a controller is known by who signed for it (ovs-vsctl(8), set-ssl).
    func clientContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        try fill(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }

    /// For connections from controllers, which must show a certificate too.
    func serverContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: [], privateKey: try key())
        try fill(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }

    private static let unreadable = "can't be read; does it exist, is it in PEM, and may evs read it?"

    private func key() throws -> NIOSSLPrivateKeySource {
        do {
            return .privateKey(try NIOSSLPrivateKey(file: privateKey, format: .pem))
        } catch { throw SessionError("the private key '\(privateKey)' \(Self.unreadable)") }
    }

    private func fill(_ configuration: inout TLSConfiguration) throws {
        do {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
        } catch { throw SessionError("the certificate '\(certificate)' \(Self.unreadable)") }
        configuration.privateKey = try key()
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
        } catch { throw SessionError("the authority's certificate '\(authority)' \(Self.unreadable)") }
        configuration.certificateVerification = .noHostnameVerification
        configuration.minimumTLSVersion = .tlsv12
    }
}

/// Why connections can't be made or accepted, in words for the operator.
public struct SessionError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
