// server.js DIR PORT SUBMISSION SUBMISSIONS: smtp-server with two mailboxes and postmaster at example.test.
//
// smtp-server leaves it to its user which mail to accept and what to do with it. This user puts it
// into a Maildir, octet for octet behind the fields that RFC 5321 §4.4 wants. DIR holds it (`mail`)
// and the certificate; on the ports of submission a user has to log in.

'use strict';

const fs = require('fs');
const path = require('path');
const { SMTPServer } = require('smtp-server');

const NAME = 'mx.example.test';
const KNOWN = ['user@example.test', 'user2@example.test', 'postmaster@example.test', 'postmaster'];
const [dir, ...ports] = process.argv.slice(2);
let count = 0;

function refusal(code, text) {
    return Object.assign(new Error(text), { responseCode: code });
}

// As RFC 5322 §3.3 writes a date.
function date() {
    return new Date().toUTCString().replace('GMT', '+0000');
}

const options = {
    name: NAME,
    size: 1 << 20,
    disableReverseLookup: true,
    key: fs.readFileSync(path.join(dir, 'key.pem')),
    cert: fs.readFileSync(path.join(dir, 'cert.pem')),

    onAuth(auth, session, callback) {
        const known = auth.username === 'bob' && auth.password === 'secret';
        return known ? callback(null, { user: 'bob' }) : callback(new Error('invalid credentials'));
    },

    onRcptTo(address, session, callback) {
        const to = address.address.toLowerCase();
        if (KNOWN.includes(to)) {
            return callback();
        }
        const ours = to.endsWith('@example.test');
        return callback(refusal(550, ours ? 'no such mailbox here' : 'relaying denied'));
    },

    onData(stream, session, callback) {
        const chunks = [];
        stream.on('data', chunk => chunks.push(chunk));
        stream.on('end', () => {
            if (stream.sizeExceeded) {
                return callback(refusal(552, 'message exceeds fixed maximum message size'));
            }
            const { mailFrom, rcptTo } = session.envelope;
            const suite = session.tlsOptions && session.tlsOptions.standardName;
            const tls = suite ? ` tls ${suite}` : '';
            // A copy for each, so that none tells of the others (RFC 5321 §7.2).
            for (const to of rcptTo) {
                const trace =
                    `Return-Path: <${mailFrom.address}>\r\n` +
                    `Delivered-To: ${to.address}\r\n` +
                    `Received: from ${session.hostNameAppearsAs} ([${session.remoteAddress}])\r\n` +
                    `\tby ${NAME} with ${session.transmissionType}${tls}; ${date()}\r\n`;
                const name = `${count++}.${process.pid}.${NAME}`;
                const unfinished = path.join(dir, 'mail/tmp', name);
                fs.writeFileSync(unfinished, Buffer.concat([Buffer.from(trace), ...chunks]));
                fs.renameSync(unfinished, path.join(dir, 'mail/new', name));
            }
            return callback(null, 'message accepted');
        });
    },
};

// In the order of the ports.
const services = [{ authOptional: true }, {}, { secure: true }];
services.forEach((service, at) => {
    const server = new SMTPServer({ ...options, ...service });
    server.on('error', error => console.error(error.message));
    server.listen(Number(ports[at]), '127.0.0.1');
});
