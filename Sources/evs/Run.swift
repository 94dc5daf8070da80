import ArgumentParser
import Control
import Foundation
import Logging

/// `evs run`
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a switch until told to end.",
        discussion: """
            Without a configuration: one bridge, br0, which learns addresses, and no ports. SIGHUP or evs reload reads \
            the configuration again; SIGTERM, SIGINT or evs quit ends the switch.
            """)

    @Option(help: "The configuration, in YAML (docs/configuration.md).") var config: String?
    @Option(
        name: .customLong("run-dir"), help: "The folder for the control socket. (default: $EVS_RUNDIR, or /run/evs)")
    var runDirectory: String?
    @Option(help: "The control socket. (default: evs.sock in the folder)") var socket: String?
    @Option(name: .customLong("log-level"), help: "debug, info, notice, warning or error.") var logLevel = "info"
    @Flag(help: "Read and check the configuration, and run nothing.") var check = false

    func validate() throws {
        if Logger.Level(rawValue: logLevel) == nil {
            throw ValidationError("'\(logLevel)' is no log level: debug, info, notice, warning or error.")
        }
        if check, config == nil { throw ValidationError("--check needs a configuration: --config FILE.") }
    }

    func run() throws {
        if check, let config {
            _ = try ConfigurationFile.read(config)
            return
        }
        var options = DaemonOptions()
        // The folder in which evs was started may be another one day.
        options.configurationFile = config.map(ControlOptions.absolute)
        options.runDirectory = runDirectory.map(ControlOptions.absolute)
        options.controlSocket = socket.map(ControlOptions.absolute)
        options.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        options.version = EVS.configuration.version
        try Daemon(options).run()
    }
}
