/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * What every public declaration of vsk carries: the library is built with
 * hidden visibility, so only what is marked here leaves the shared object.
 */
#ifndef VSK_API_H
#define VSK_API_H

#if defined(SWIG) || !defined(__GNUC__)
#define VSK_API
#elif defined(__cplusplus)
#define VSK_API extern "C" __attribute__((visibility("default")))
#else
#define VSK_API __attribute__((visibility("default")))
#endif

#endif
